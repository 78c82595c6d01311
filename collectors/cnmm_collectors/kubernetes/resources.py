"""Everything that is asked of a cluster, declared once: the reads, the permissions and the shipped role."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of object by group and plural; `version` is only for groups every API server has.

    `metadata` where names, labels and dates are enough.
    """

    group: str
    plural: str
    namespaced: bool = True
    version: str = ""
    metadata: bool = False

    @property
    def name(self) -> str:
        """`pods`, `peerauthentications.security.istio.io`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, version: str, namespace: str = "") -> str:
        """Return where the list is."""
        root = f"/apis/{self.group}/{version}" if self.group else f"/api/{version}"
        return f"{root}/namespaces/{namespace}/{self.plural}" if namespace else f"{root}/{self.plural}"


NAMESPACES = Resource("", "namespaces", False, "v1")
NODES = Resource("", "nodes", False, "v1")
PODS = Resource("", "pods", True, "v1")
SERVICE_ACCOUNTS = Resource("", "serviceaccounts", True, "v1")
SERVICES = Resource("", "services", True, "v1")
QUOTAS = Resource("", "resourcequotas", True, "v1")
DEPLOYMENTS = Resource("apps", "deployments", True, "v1")
STATEFUL_SETS = Resource("apps", "statefulsets", True, "v1")
DAEMON_SETS = Resource("apps", "daemonsets", True, "v1")
AUTOSCALERS = Resource("autoscaling", "horizontalpodautoscalers", True, "v2")
NETWORK_POLICIES = Resource("networking.k8s.io", "networkpolicies", True, "v1")
ROLES = Resource("rbac.authorization.k8s.io", "roles", True, "v1")
CLUSTER_ROLES = Resource("rbac.authorization.k8s.io", "clusterroles", False, "v1")
ROLE_BINDINGS = Resource("rbac.authorization.k8s.io", "rolebindings", True, "v1")
CLUSTER_ROLE_BINDINGS = Resource("rbac.authorization.k8s.io", "clusterrolebindings", False, "v1")
DEFINITIONS = Resource("apiextensions.k8s.io", "customresourcedefinitions", False, "v1", True)
ADMISSION_POLICIES = Resource("admissionregistration.k8s.io", "validatingadmissionpolicies", False)
ADMISSION_BINDINGS = Resource("admissionregistration.k8s.io", "validatingadmissionpolicybindings", False)
DEVICE_CLASSES = Resource("resource.k8s.io", "deviceclasses", False)
RESOURCE_CLAIMS = Resource("resource.k8s.io", "resourceclaims")

APPLICATIONS = Resource("argoproj.io", "applications")
KUSTOMIZATIONS = Resource("kustomize.toolkit.fluxcd.io", "kustomizations")
HELM_RELEASES = Resource("helm.toolkit.fluxcd.io", "helmreleases")
SCALED_OBJECTS = Resource("keda.sh", "scaledobjects")

VERTICAL_AUTOSCALERS = Resource("autoscaling.k8s.io", "verticalpodautoscalers")
NODE_POOLS = Resource("karpenter.sh", "nodepools", False)
NODE_CLAIMS = Resource("karpenter.sh", "nodeclaims", False, "", True)
SLEEPS = Resource("kube-green.com", "sleepinfos")

PEER_AUTHENTICATIONS = Resource("security.istio.io", "peerauthentications")
ISTIO_AUTHORIZATIONS = Resource("security.istio.io", "authorizationpolicies")
DESTINATION_RULES = Resource("networking.istio.io", "destinationrules")
LINKERD_SERVERS = Resource("policy.linkerd.io", "servers")
LINKERD_AUTHORIZATIONS = Resource("policy.linkerd.io", "authorizationpolicies")
LINKERD_SERVER_AUTHORIZATIONS = Resource("policy.linkerd.io", "serverauthorizations")
KUMA_MESHES = Resource("kuma.io", "meshes", False)
KUMA_TLS = Resource("kuma.io", "meshtlses")
KUMA_IDENTITIES = Resource("kuma.io", "meshidentities")
KUMA_PERMISSIONS = Resource("kuma.io", "meshtrafficpermissions")
CONSUL_DEFAULTS = Resource("consul.hashicorp.com", "proxydefaults")
CONSUL_SERVICES = Resource("consul.hashicorp.com", "servicedefaults")
CONSUL_MESHES = Resource("consul.hashicorp.com", "meshes")
CONSUL_INTENTIONS = Resource("consul.hashicorp.com", "serviceintentions")
CILIUM_POLICIES = Resource("cilium.io", "ciliumnetworkpolicies")
CILIUM_CLUSTER_POLICIES = Resource("cilium.io", "ciliumclusterwidenetworkpolicies", False)
CALICO_POLICIES = Resource("crd.projectcalico.org", "networkpolicies")
CALICO_GLOBAL_POLICIES = Resource("crd.projectcalico.org", "globalnetworkpolicies", False)
CALICO_OWN_POLICIES = Resource("projectcalico.org", "networkpolicies")
CALICO_OWN_GLOBAL_POLICIES = Resource("projectcalico.org", "globalnetworkpolicies", False)
ANTREA_POLICIES = Resource("crd.antrea.io", "networkpolicies")
ANTREA_CLUSTER_POLICIES = Resource("crd.antrea.io", "clusternetworkpolicies", False)
FELIX = Resource("crd.projectcalico.org", "felixconfigurations", False)
ADMIN_POLICIES = Resource("policy.networking.k8s.io", "adminnetworkpolicies", False)
BASELINE_POLICIES = Resource("policy.networking.k8s.io", "baselineadminnetworkpolicies", False)
CLUSTER_NETWORK_POLICIES = Resource("policy.networking.k8s.io", "clusternetworkpolicies", False)

KYVERNO_CLUSTER = Resource("kyverno.io", "clusterpolicies", False)
KYVERNO_POLICIES = Resource("kyverno.io", "policies")
KYVERNO_EXCEPTIONS = Resource("kyverno.io", "policyexceptions")
KYVERNO_CEL = Resource("policies.kyverno.io", "validatingpolicies", False)
KYVERNO_IMAGES = Resource("policies.kyverno.io", "imagevalidatingpolicies", False)
KYVERNO_OWN_CEL = Resource("policies.kyverno.io", "namespacedvalidatingpolicies")
KYVERNO_OWN_IMAGES = Resource("policies.kyverno.io", "namespacedimagevalidatingpolicies")
KYVERNO_CEL_EXCEPTIONS = Resource("policies.kyverno.io", "policyexceptions")
KUBEWARDEN_CLUSTER = Resource("policies.kubewarden.io", "clusteradmissionpolicies", False)
KUBEWARDEN = Resource("policies.kubewarden.io", "admissionpolicies")
IMAGE_POLICIES = Resource("policy.sigstore.dev", "clusterimagepolicies", False)
GATEKEEPER_CONFIGS = Resource("config.gatekeeper.sh", "configs")
GATEKEEPER_GROUP = "constraints.gatekeeper.sh"
POLICY_REPORTS = Resource("wgpolicyk8s.io", "policyreports", True, "", True)
OPEN_REPORTS = Resource("openreports.io", "reports", True, "", True)
VULNERABILITIES = Resource("aquasecurity.github.io", "vulnerabilityreports", True, "", True)

EXTERNAL_SECRETS = Resource("external-secrets.io", "externalsecrets")
SECRET_STORES = Resource("external-secrets.io", "secretstores")
CLUSTER_SECRET_STORES = Resource("external-secrets.io", "clustersecretstores", False)
CLOUD_NATIVE_PG = Resource("postgresql.cnpg.io", "clusters")
KAFKAS = Resource("kafka.strimzi.io", "kafkas")
KAFKA_USERS = Resource("kafka.strimzi.io", "kafkausers")
RABBITS = Resource("rabbitmq.com", "rabbitmqclusters")
ELASTICSEARCHES = Resource("elasticsearch.k8s.elastic.co", "elasticsearches", True, "", True)
SEALED_SECRETS = Resource("bitnami.com", "sealedsecrets")
PROVIDER_CLASSES = Resource("secrets-store.csi.x-k8s.io", "secretproviderclasses")
VAULT_STATIC = Resource("secrets.hashicorp.com", "vaultstaticsecrets")
VAULT_DYNAMIC = Resource("secrets.hashicorp.com", "vaultdynamicsecrets")
VAULT_PKI = Resource("secrets.hashicorp.com", "vaultpkisecrets")
CERTIFICATES = Resource("cert-manager.io", "certificates")

COMPOSITES = Resource("apiextensions.crossplane.io", "compositeresourcedefinitions", False)
GRAPHS = Resource("kro.run", "resourcegraphdefinitions", False)
PROMISES = Resource("platform.kratix.io", "promises", False)
INFERENCE_SERVICES = Resource("serving.kserve.io", "inferenceservices")
RAY_SERVICES = Resource("ray.io", "rayservices")
RAY_CLUSTERS = Resource("ray.io", "rayclusters")
AGENTS = Resource("kagent.dev", "agents")
TOOL_SERVERS = Resource("toolhive.stacklok.dev", "mcpservers")
K8SGPT_RESULTS = Resource("core.k8sgpt.ai", "results", True, "", True)

WORKLOADS = (DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS)
RBAC = (ROLES, CLUSTER_ROLES, ROLE_BINDINGS, CLUSTER_ROLE_BINDINGS)
MESH = (
    PEER_AUTHENTICATIONS, ISTIO_AUTHORIZATIONS, DESTINATION_RULES, LINKERD_SERVERS, LINKERD_AUTHORIZATIONS,
    LINKERD_SERVER_AUTHORIZATIONS, KUMA_MESHES, KUMA_TLS, KUMA_IDENTITIES, KUMA_PERMISSIONS, CONSUL_DEFAULTS,
    CONSUL_SERVICES, CONSUL_MESHES, CONSUL_INTENTIONS,
)  # fmt: skip
NETWORK = (
    NETWORK_POLICIES, CILIUM_POLICIES, CILIUM_CLUSTER_POLICIES, CALICO_POLICIES, CALICO_GLOBAL_POLICIES,
    CALICO_OWN_POLICIES, CALICO_OWN_GLOBAL_POLICIES, ADMIN_POLICIES, BASELINE_POLICIES,
    CLUSTER_NETWORK_POLICIES, ANTREA_POLICIES, ANTREA_CLUSTER_POLICIES,
)  # fmt: skip
POLICY = (
    ADMISSION_POLICIES, ADMISSION_BINDINGS, KYVERNO_CLUSTER, KYVERNO_POLICIES, KYVERNO_CEL, KYVERNO_IMAGES,
    KYVERNO_OWN_CEL, KYVERNO_OWN_IMAGES, GATEKEEPER_CONFIGS, KUBEWARDEN_CLUSTER, KUBEWARDEN, IMAGE_POLICIES,
)  # fmt: skip
EXCEPTIONS = (KYVERNO_EXCEPTIONS, KYVERNO_CEL_EXCEPTIONS)
REPORTS = (POLICY_REPORTS, OPEN_REPORTS, VULNERABILITIES)
SECRET_TOOLS = (
    EXTERNAL_SECRETS, SEALED_SECRETS, PROVIDER_CLASSES, VAULT_STATIC, VAULT_DYNAMIC, VAULT_PKI, CERTIFICATES,
)  # fmt: skip
STORES = (SECRET_STORES, CLUSTER_SECRET_STORES)
OPERATORS = (CLOUD_NATIVE_PG, KAFKAS, KAFKA_USERS, RABBITS, ELASTICSEARCHES)
"""Operators that make the credentials of what they run, under names that they document."""
GITOPS = (APPLICATIONS, KUSTOMIZATIONS, HELM_RELEASES)
TUNING = (VERTICAL_AUTOSCALERS, NODE_POOLS, NODE_CLAIMS, SLEEPS)
OFFERS = (COMPOSITES, GRAPHS, PROMISES)
SERVING = (INFERENCE_SERVICES, RAY_SERVICES, RAY_CLUSTERS, AGENTS, TOOL_SERVERS, K8SGPT_RESULTS)

SMALL = (
    NODES, SERVICE_ACCOUNTS, SERVICES, QUOTAS, AUTOSCALERS, SCALED_OBJECTS, *RBAC, DEFINITIONS,
    DEVICE_CLASSES, RESOURCE_CLAIMS, *MESH, *NETWORK, FELIX, *POLICY, *EXCEPTIONS, *REPORTS, *SECRET_TOOLS,
    *STORES, *OPERATORS, *GITOPS, *TUNING, *OFFERS, *SERVING,
)  # fmt: skip
"""Lists that are kept, cut down to what is used; workloads and pods are folded as they arrive."""

EVERYTHING = (NAMESPACES, *WORKLOADS, PODS, *SMALL)


LOCAL = frozenset((
    *WORKLOADS, PODS, SERVICE_ACCOUNTS, QUOTAS, AUTOSCALERS, SCALED_OBJECTS, ROLES, ROLE_BINDINGS,
    NETWORK_POLICIES, CILIUM_POLICIES, CALICO_POLICIES, CALICO_OWN_POLICIES, ANTREA_POLICIES,
    KYVERNO_POLICIES, KYVERNO_OWN_CEL, KYVERNO_OWN_IMAGES, KUBEWARDEN, RESOURCE_CLAIMS, VERTICAL_AUTOSCALERS,
    SLEEPS, *REPORTS, *SECRET_TOOLS, *OPERATORS, *SERVING,
))  # fmt: skip
"""Kinds that decide in their own namespace alone: where the whole list is refused, single namespaces help.

A policy in a mesh's root namespace or a reconciler's list decides elsewhere: it is read whole or not at all.
"""


@dataclass(frozen=True, slots=True)
class Document:
    """A ConfigMap that is read by name and nothing else; `keys` are the only ones kept."""

    namespace: str
    name: str
    keys: tuple[str, ...]

    @property
    def path(self) -> str:
        """Return where the object is."""
        return f"/api/v1/namespaces/{self.namespace}/configmaps/{self.name}"


ISTIO_CONFIG = Document("istio-system", "istio", ("mesh",))
CILIUM_CONFIG = Document(
    "kube-system",
    "cilium-config",
    (
        "enable-wireguard", "enable-ipsec", "enable-ztunnel", "mesh-auth-mutual-enabled", "enable-policy",
        "policy-audit-mode", "enable-k8s-networkpolicy",
    ),
)  # fmt: skip
VPC_CONFIG = Document("kube-system", "amazon-vpc-cni", ("enable-network-policy-controller",))
DOCUMENTS = (ISTIO_CONFIG, CILIUM_CONFIG, VPC_CONFIG)
