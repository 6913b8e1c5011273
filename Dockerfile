# Not built yet.
# The program in an image that has nothing else:
#   docker build -t untied .
#   docker run --rm -v "$PWD:/work" -u "$(id -u):$(id -g)" untied run quickstart
FROM rust:1.95-trixie AS build
WORKDIR /source
COPY . .
# Git refuses the folder of another user, and a program is built from a commit.
RUN git config --global --add safe.directory /source
RUN .ci/static /root/image/untied && mkdir -m 1777 /root/image/tmp /root/image/work

FROM scratch
COPY --from=build /root/image /
ENV UNTIED_CACHE=/tmp/cache
WORKDIR /work
ENTRYPOINT ["/untied"]
