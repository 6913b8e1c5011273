# The program `untied`, built from this checkout: docker build -t untied . && docker run --rm -v "$PWD:/work" untied run quickstart.toml
FROM rust:1.95-slim-trixie AS build
RUN apt-get update && apt-get install -y --no-install-recommends cmake g++ git make && rm -rf /var/lib/apt/lists/*
WORKDIR /untied
COPY . .
RUN cargo build --release --locked --bin untied

FROM debian:trixie-slim
COPY --from=build /untied/target/release/untied /usr/local/bin/untied
COPY LICENSE-MIT LICENSE-APACHE /usr/share/doc/untied/
COPY configs /usr/share/untied/configs
WORKDIR /work
ENTRYPOINT ["untied"]
CMD ["--help"]
