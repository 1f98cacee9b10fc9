package io.mnist20k.predict;

/// What holds all of some pixels; ends are exclusive.
record Box(int left, int top, int right, int bottom) {
    /// @param pixels where they are in a plane of this width
    static Box of(int[] pixels, int width) {
        int left = Integer.MAX_VALUE;
        int top = Integer.MAX_VALUE;
        int right = 0;
        int bottom = 0;
        for (int pixel : pixels) {
            left = Math.min(left, pixel % width);
            right = Math.max(right, pixel % width + 1);
            top = Math.min(top, pixel / width);
            bottom = Math.max(bottom, pixel / width + 1);
        }
        return new Box(left, top, right, bottom);
    }

    int side() {
        return Math.max(right - left, bottom - top);
    }
}
