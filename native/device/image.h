// What the software NVRTC gives as a cubin, and the only image that the software driver takes.
#pragma once

namespace software {

struct Image {
    char magic[24];
    char library[40]; // beside libcuda, with the kernels of the source
    int architecture; // 90 for sm_90
};

inline constexpr char IMAGE_MAGIC[24] = "mnist20k software image";
inline constexpr int ARCHITECTURE = 90;

} // namespace software
