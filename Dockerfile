# The hub in an image: built in one stage, run in another as an ordinary user.
#
#   docker build -t flisthub .
#   docker run -p 127.0.0.1:5555:5555 -v flisthub:/data flisthub
#
# Both base images can be replaced, by a mirror's or your own:
#   --build-arg BUILD_IMAGE=… (Rust of rust-toolchain.toml on Debian 12)
#   --build-arg RUN_IMAGE=…   (Debian 12, nothing else is needed)
ARG BUILD_IMAGE=docker.io/library/rust:1.95.0-bookworm
ARG RUN_IMAGE=docker.io/library/debian:bookworm-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY scripts/lib.sh scripts/setup scripts/
COPY rust-toolchain.toml ./
RUN scripts/setup build
COPY . .
RUN cargo build --release --workspace --locked \
    && mkdir /out \
    && cp "${CARGO_TARGET_DIR:-target}/release/flisthub" \
          "${CARGO_TARGET_DIR:-target}/release/hub-client" /out/

FROM ${RUN_IMAGE}
COPY --from=build /out/ /usr/local/bin/
# No name is needed for a user that owns one directory and runs one program.
RUN install -d -o 10001 -g 10001 -m 0700 /data
USER 10001:10001
VOLUME /data
EXPOSE 5555
ENV FLISTHUB_DATA=/data FLISTHUB_LISTEN=0.0.0.0:5555
# bash speaks TCP, so the image needs no HTTP client of its own.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD \
    ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/5555 && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["flisthub"]
CMD ["serve"]
