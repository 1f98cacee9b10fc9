// manifests.mjs FOLDER: makes of each manifest of docker/kubernetes a file of FOLDER that TypeScript holds against Kubernetes'
// types, and of each container a file NAME.command of its words, each ended by a zero byte.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const folder = process.argv[2];
const { parseAllDocuments } = createRequire(`${folder}/`)("yaml");
const homes = { Job: "batch/v1", PersistentVolumeClaim: "core/v1" };

for (const file of readdirSync("docker/kubernetes")) {
    for (const document of parseAllDocuments(readFileSync(`docker/kubernetes/${file}`, "utf8"), { strict: true })) {
        if (document.errors.length > 0) {
            throw document.errors[0];
        }
        const manifest = document.toJS();
        writeFileSync(
            `${folder}/${file}.ts`,
            `import type { ${manifest.kind} } from "kubernetes-types/${homes[manifest.kind]}";\n` +
                `export const manifest: ${manifest.kind} = ${JSON.stringify(manifest, null, 2)};\n`,
        );
        for (const container of manifest.spec.template?.spec.containers ?? []) {
            const words = [...(container.command ?? ["/opt/mnist20k/bin/mnist20k"]), ...container.args];
            writeFileSync(`${folder}/${container.name}.command`, words.map((word) => word + "\0").join(""));
        }
    }
}
