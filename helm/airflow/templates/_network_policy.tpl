{{/* Network policies of the release's own pods. */}}

{{/*
Who may open connections to a component. Without from, nobody.
Argument: dict root, component (of the pods), label (of the policy), labels, from (peers), ports; and where wanted name, extraLabels.
*/}}
{{- define "airflow.networkPolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "airflow.metadata" (dict
        "root" .root
        "name" (printf "%s-policy" (.name | default (printf "%s-%s" (include "airflow.fullname" .root) .component)))
        "component" .label "labels" .labels) | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "airflow.selectorLabels" . | nindent 6 }}
  policyTypes: [Ingress]
  {{- with .from }}
  ingress:
    - from:
        {{- include "airflow.render" (list . $.root) | nindent 8 }}
      ports:
        {{- include "airflow.ports" (list $.ports $.root) | nindent 8 }}
  {{- end }}
{{- end }}

{{/* The pods of the release, or of one component of it, as a peer. Argument: list root; and where wanted component. */}}
{{- define "airflow.peer" -}}
podSelector:
  matchLabels:
    tier: airflow
    release: {{ (index . 0).Release.Name }}
    {{- if gt (len .) 1 }}
    component: {{ index . 1 }}
    {{- end }}
{{- end }}

{{/* KEDA's operator as a peer. Argument: labels of its namespace, empty for the release's own. */}}
{{- define "airflow.peer.keda" -}}
podSelector:
  matchLabels:
    app: keda-operator
{{- with . }}
namespaceSelector:
  matchLabels:
    {{- toYaml . | nindent 4 }}
{{- end }}
{{- end }}

{{/*
Who reads logs of tasks from the pods that ran them, as a peer: what serves the user interface. The official chart lets the webserver
in even where the API server serves it. Argument: the root context.
*/}}
{{- define "airflow.peer.logReader" -}}
{{- $apiServer := and (include "airflow.version.three" .) (not (include "airflow.policy.official" .)) }}
{{- include "airflow.peer" (list . (ternary "api-server" "webserver" (not (empty $apiServer)))) }}
{{- end }}
