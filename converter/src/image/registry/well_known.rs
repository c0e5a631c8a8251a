//! The registries that a hub may connect to unless told otherwise: with each, where it gives tokens and
//! where it sends for content.
//!
//! Content hosts such as `*.cloudfront.net` serve others too. That is no hole: addresses must be public,
//! credentials do not go there, and what comes is checked by its digest.

/// Host names, and `*.` for every name below.
pub(super) const WELL_KNOWN: &[&str] = &[
    // Docker Hub
    "registry-1.docker.io",
    "auth.docker.io",
    "production.cloudflare.docker.com",
    "*.r2.cloudflarestorage.com",
    // GitHub
    "ghcr.io",
    "pkg-containers.githubusercontent.com",
    // Quay
    "quay.io",
    "*.quay.io",
    "quayio-production-s3.s3.amazonaws.com",
    // Kubernetes and Google
    "registry.k8s.io",
    "k8s.gcr.io",
    "gcr.io",
    "*.gcr.io",
    "*.pkg.dev",
    "storage.googleapis.com",
    // Microsoft
    "mcr.microsoft.com",
    "*.data.mcr.microsoft.com",
    "*.cdn.mscr.io",
    "*.azurecr.io",
    "*.blob.core.windows.net",
    // Amazon
    "public.ecr.aws",
    "*.cloudfront.net",
    "*.amazonaws.com",
    // GitLab
    "registry.gitlab.com",
    "gitlab.com",
    "cdn.registry.gitlab-static.net",
    // Red Hat and Fedora
    "registry.access.redhat.com",
    "registry.redhat.io",
    "sso.redhat.com",
    "registry.fedoraproject.org",
    "cdn.registry.fedoraproject.org",
    // Others
    "docker.elastic.co",
    "docker-auth.elastic.co",
    "registry.opensuse.org",
    "registry.suse.com",
    "lscr.io",
];
