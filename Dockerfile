# overhang alone, without a shared library: docker build -t overhang .
# docs/COOKBOOK.md says how to look at a pod with it.
FROM debian:bookworm AS build
COPY . /overhang
WORKDIR /overhang
# tools/setup installs what else is needed.
RUN apt-get update && apt-get install -y --no-install-recommends make
RUN make static && strip build/release/static/overhang build/release/static/overhang-wide

FROM scratch
COPY --from=build /overhang/build/release/static/ /usr/bin/
# There is no shell: arguments go to overhang.
ENTRYPOINT ["/usr/bin/overhang"]
CMD ["--help"]
