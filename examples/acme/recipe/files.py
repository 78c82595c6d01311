"""Files that several repositories hold in the same form: pipelines, manifests, image builds."""

from __future__ import annotations

from recipe.model import text

SHARED = "acme/platform-infra/.github/workflows/service.yml@v3"

PYTHON_IMAGE = text(
    """
    FROM docker.io/library/python:3.12-slim
    WORKDIR /app
    COPY . .
    USER 10001
    CMD ["python", "-m", "app"]
    """
)

GO_IMAGE = text(
    """
    FROM docker.io/library/golang:1.23 AS build
    WORKDIR /src
    COPY . .
    RUN go build -o /out/app .

    FROM gcr.io/distroless/static
    COPY --from=build /out/app /app
    ENTRYPOINT ["/app"]
    """
)

NODE_IMAGE = text(
    """
    FROM docker.io/library/node:22-slim
    WORKDIR /app
    COPY . .
    CMD ["node", "dist/main.js"]
    """
)


def deployment(name: str, replicas: int = 2) -> str:
    """Return a Deployment manifest."""
    return text(
        f"""
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: {name}
        spec:
          replicas: {replicas}
          selector:
            matchLabels: {{app: {name}}}
          template:
            metadata:
              labels: {{app: {name}}}
            spec:
              containers:
                - name: main
                  image: registry.acme.example/{name}:1.4.0
                  ports:
                    - containerPort: 8080
        """
    )


def calls_shared(jobs: str = "") -> str:
    """Return a workflow that calls the shared one, with further jobs behind it."""
    head = text(
        f"""
        name: build
        on:
          push:
            branches: [main]
          pull_request:
        jobs:
          service:
            uses: {SHARED}
        """
    )
    return head + jobs


COPIED_PIPELINE = text(
    """
    name: build
    on:
      push:
        branches: [main]
      pull_request:
    jobs:
      build:
        runs-on: ubuntu-24.04
        steps:
          - uses: actions/checkout@v4
          - name: Restore the cache
            uses: actions/cache@v4
            with:
              path: .cache
              key: build-${{ runner.os }}
          - name: Install what the build needs
            run: make setup
          - name: Check the style
            run: make style
          - name: Run the tests
            run: make test
          - name: Build the image
            run: make image
          - name: Push the image
            if: github.ref == 'refs/heads/main'
            run: make push
          - name: Roll out to the test cluster
            if: github.ref == 'refs/heads/main'
            run: make rollout
    """
)

MAKEFILE = text(
    """
    setup style test image push rollout:
    \t./build.sh $@
    """
)
