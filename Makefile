# The front door: every target does its own set-up. `make help` lists them.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: train train-cuda-software test test-cuda jar install data format clean help native native-test native-sanitize native-watch dist dist-verify gpu-check docker docker-cpu docker-verify kernels-report real-libraries bench bench-kernels bench-page bench-peers bench-scaling tables

JAR := target/mnist20k.jar
MAVEN := src/main/sh/maven.sh
NVCC := $(shell command -v nvcc)
FATBIN := target/cuda-kernels/mnist20k.fatbin
COMPILER := $(firstword $(shell command -v g++ clang++))
# Where there is a compiler, tests on the software CUDA device must run; else they are skipped by name.
ON_NATIVE := $(if $(COMPILER),-Dmnist20k.require.native)
CUDA_TESTS := surefire:test@cuda surefire:test@gpu
# Only Maven's warnings and errors.
QUIET := MAVEN_OPTS="$$MAVEN_OPTS -Dorg.slf4j.simpleLogger.defaultLogLevel=warn"

# The program's own cache; only absolute paths count in XDG_CACHE_HOME, and without HOME it is the account's.
CACHE := $(if $(filter /%,$(firstword $(XDG_CACHE_HOME))),$(XDG_CACHE_HOME),$(or $(HOME),$(shell unset HOME; echo ~))/.cache)/mnist20k

# A dataset that ARGS names is used as it is.
train: $(if $(findstring --data,$(ARGS)),$(JAR),data) ## train the default recipe on MNIST; options go into ARGS, as in ARGS="--epochs 3"
	@./mnist20k train $(ARGS)

# What the software device measures of itself stays out of the program's cache.
train-cuda-software: data native ## train one epoch with the CUDA engine on the software CUDA device, to at least 97 %
	@XDG_CACHE_HOME="$(CURDIR)/target/cache" MNIST20K_CUDA_LIBRARIES="$(CURDIR)/target/native" \
		./mnist20k train --device cuda --data "$(CACHE)" --epochs 1 --require 0.97 $(ARGS)

test: data $(if $(COMPILER),native-test) ## check everything: format, fast tests, then slow ones on the real dataset
	@$(MAVEN) verify -Dmnist20k.data="$(CACHE)" $(ON_NATIVE)
	@! command -v python3 >/dev/null || for folder in src/bench src/bench/peers; do \
		python3 -B -m unittest discover -s $$folder -p '*_test.py' || exit; done

# Where the dataset is there already, neither jar nor nvcc is needed.
test-cuda: $(if $(wildcard $(CACHE)/train-images-idx3-ubyte*),,data) $(if $(COMPILER),native) ## run only the tests of the CUDA engine, on the software CUDA device; ARGS says which
	@$(MAVEN) test-compile $(CUDA_TESTS) -Djacoco.skip=true -Dmnist20k.data="$(CACHE)" $(ON_NATIVE) $(ARGS)

mutation-%: ## plant mistakes in a room with PIT, as in mutation-recipe, and report those that its fast tests miss; takes minutes
	@$(MAVEN) -Pmutation test-compile pitest:mutationCoverage -DtargetClasses='io.mnist20k.$*.*' -DtargetTests='io.mnist20k.$*.*Test' $(ARGS)
	@echo "what they missed: target/pit-reports/index.html"

table-%: data ## train the runs that the named table of docs/RESULTS.md lacks, and write it; options go into ARGS
	@src/main/sh/table.sh make $* $(ARGS)

tables: $(JAR) ## write the tables of docs/RESULTS.md from the lines in docs/results, without training
	@src/main/sh/table.sh write $(patsubst docs/results/%.jsonl,%,$(wildcard docs/results/*.jsonl))

jar: $(JAR) ## build target/mnist20k.jar, the whole program

data: $(JAR) ## fetch MNIST into the cache and check it
	@src/main/sh/dataset.sh "$(CACHE)"

# Folders count as sources too: their time changes when a file goes.
$(JAR): pom.xml LICENSE $(shell find src/main/java src/main/resources cuda-kernels) $(if $(NVCC),$(FATBIN))
	@echo "building $@ (the first time Maven fetches what it needs)"
	$(if $(NVCC),,@echo "nvcc is not on PATH: the jar gets the CUDA kernels as sources, which NVRTC compiles on a GPU"; rm -f $(FATBIN))
	@rm -rf target/classes/cuda-kernels
	@$(QUIET) $(MAVEN) package -Dmaven.test.skip
	@touch $@

$(FATBIN): $(wildcard cuda-kernels/*) src/main/sh/kernels.sh
	@src/main/sh/kernels.sh build $@

kernels-report: ## write what each CUDA kernel uses of a GPU into docs/KERNELS.md; needs nvcc
	@src/main/sh/kernels.sh report docs/KERNELS.md

bench: $(JAR) ## measure speed here, layer by layer, on the CPU; options go into ARGS
	@./mnist20k bench --layers $(ARGS)

bench-kernels: ## run the JMH benchmarks of the CPU kernels; JMH's arguments in ARGS, as in ARGS="-p layer=conv2"
	@src/bench/kernels.sh $(ARGS)

bench-scaling: $(JAR) ## measure images/s against threads, batch and network size into docs/results (10 minutes)
	@python3 src/bench/scaling.py $(ARGS)
	@python3 src/bench/page.py

bench-page: $(JAR) ## measure where the time goes into docs/results, and write docs/PERFORMANCE.md from it
	@python3 src/bench/page.py --measure $(ARGS)

native: ## build the software CUDA device, on which tests run without a GPU; needs a C++20 compiler
	@$(MAKE) --no-print-directory -j$(shell nproc) -C native OUT=../target/native

# What the device refuses there it explains on standard error, as it is to.
native-test: native ## test the software CUDA device itself
	@$(MAKE) --no-print-directory -C native OUT=../target/native test

native-sanitize: data ## run the tests on the software CUDA device with AddressSanitizer and UBSan in it; ARGS says which
	@$(MAKE) --no-print-directory -j$(shell nproc) -C native SANITIZE=1 OUT=../target/native-sanitize all test
	@native/sanitized.sh $(MAVEN) test-compile $(CUDA_TESTS) -Djacoco.skip=true -Dmnist20k.data="$(CACHE)" \
		-Dmnist20k.require.native -Dnative.libraries="$(CURDIR)/target/native-sanitize" $(ARGS)

native-watch: data native ## run the tests on the software CUDA device watching each memory access of a kernel; ARGS says which
	@SOFTWARE_DEVICE_WATCH=1 $(MAVEN) test-compile $(CUDA_TESTS) -Djacoco.skip=true -Dmnist20k.data="$(CACHE)" \
		-Dmnist20k.require.native -DexcludedGroups=repeats-pieces $(ARGS)

bench-peers: $(if $(findstring --data,$(ARGS)),$(JAR),data) ## measure the CPU engine beside PyTorch, DL4J and DJL, in turns; options in ARGS, docs/PERFORMANCE.md
	@src/bench/peers/peers.py $(ARGS)

real-libraries: ## fetch NVIDIA's own libraries (2.4 GB, once) and run what they allow without a GPU
	@src/main/sh/real-libraries.sh "$(CACHE)/nvidia"

dist: $(JAR) ## pack target/mnist20k-VERSION-linux-MACHINE.tar.gz, which brings its own Java and runs on a bare Linux
	@src/main/sh/dist.sh

dist-verify: dist data $(if $(COMPILER),native) ## pack it again and compare, then train with it in an empty root
	@src/main/sh/dist-verify.sh "$(CACHE)"

# From the archive, which brings the tests. A folder that ARGS names is used as it is.
gpu-check: dist $(if $(findstring --data,$(ARGS)),,data) ## test this machine's GPU and measure training on it, beside PyTorch; options go into ARGS
	@rm -rf target/gpu-check && mkdir target/gpu-check
	@tar -xzf "$$(ls -t target/mnist20k-*-linux-$$(uname -m).tar.gz | head -n 1)" -C target/gpu-check --strip-components=1
	@target/gpu-check/bin/mnist20k gpu-check $(if $(findstring --data,$(ARGS)),,--data "$(CACHE)") $(ARGS)

docker: ## build the image mnist20k for NVIDIA GPUs; docs/CLOUD.md
	@src/main/sh/docker.sh gpu mnist20k $(DOCKER_ARGS)

docker-cpu: ## build the image mnist20k-cpu
	@src/main/sh/docker.sh cpu mnist20k-cpu $(DOCKER_ARGS)

docker-verify: data ## build the images without a container engine, and use the CPU one as a stranger would; needs root
	@src/main/sh/docker-verify.sh "$(CACHE)"

install: $(if $(NVCC),$(FATBIN)) ## put the library, with its sources and documentation, into the local Maven repository
	@rm -rf target/classes/cuda-kernels
	@$(QUIET) $(MAVEN) package source:jar-no-fork javadoc:jar install:install -Dmaven.test.skip
	@echo "installed io.mnist20k:mnist20k; docs/EMBEDDING.md says how to use it"

format: ## format the Java sources
	@$(QUIET) $(MAVEN) spotless:apply

clean: ## remove what was built; runs and the dataset stay
	@rm -rf target

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+%?:.*## / { printf "  make %-19s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
