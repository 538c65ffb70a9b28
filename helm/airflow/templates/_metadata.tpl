{{/* Labels and annotations. */}}

{{/*
Metadata of an object.
Argument: dict root, name; and where wanted component, labels (of the component), annotations, namespace, tier, extraLabels.
*/}}
{{- define "airflow.metadata" -}}
name: {{ .name }}
{{- with .namespace }}
namespace: {{ . }}
{{- end }}
labels:
  {{- include "airflow.labels" . | nindent 2 }}
{{- with .annotations }}
annotations:
  {{- include "airflow.render" (list . $.root) | nindent 2 }}
{{- end }}
{{- end }}

{{/* Labels of an object; the component's own win over the global ones. Argument: as airflow.metadata. */}}
{{- define "airflow.labels" -}}
tier: {{ .tier | default "airflow" }}
{{- with .component }}
component: {{ . }}
{{- end }}
release: {{ .root.Release.Name }}
chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | quote }}
heritage: {{ .root.Release.Service }}
{{- with merge (dict) (.extraLabels | default dict) (.labels | default dict) .root.Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* What a selector looks for. Argument: dict root, component; and where wanted extraLabels. */}}
{{- define "airflow.selectorLabels" -}}
tier: airflow
component: {{ .component }}
release: {{ .root.Release.Name }}
{{- with .extraLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Labels of a pod. Argument: dict root, component; and where wanted labels, extraLabels. */}}
{{- define "airflow.podLabels" -}}
{{- include "airflow.selectorLabels" . }}
{{- with merge (dict) (.labels | default dict) .root.Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/*
Metadata of a pod: labels, and annotations in this order of strength: the policy's exceptions for it, the component's podAnnotations,
airflowPodAnnotations, safeToEvict, checksums.
Argument: dict root, component, values; and where wanted extraLabels, checksums (a list of the names in airflow.checksum), noGlobalAnnotations.
*/}}
{{- define "airflow.podMetadata" -}}
{{- $annotations := dict }}
{{- range .checksums }}
{{- $_ := set $annotations (printf "checksum/%s" .) (include "airflow.checksum" (list $.root .)) }}
{{- end }}
{{- if hasKey .values "safeToEvict" }}
{{- $_ := set $annotations "cluster-autoscaler.kubernetes.io/safe-to-evict" (toString .values.safeToEvict) }}
{{- end }}
{{- if not .noGlobalAnnotations }}
{{- range $name, $text := .root.Values.airflowPodAnnotations }}{{ $_ := set $annotations $name $text }}{{ end }}
{{- end }}
{{- range $name, $text := .values.podAnnotations }}{{ $_ := set $annotations $name $text }}{{ end -}}
{{- with include "airflow.policy.reasons" . }}{{ $_ := set $annotations "aerodrome/policy-exceptions" . }}{{ end -}}
labels:
  {{- include "airflow.podLabels" (merge (dict "labels" .values.labels) .) | nindent 2 }}
{{- with $annotations }}
annotations:
  {{- include "airflow.render" (list . $.root) | nindent 2 }}
{{- end }}
{{- end }}

{{/*
Digest of a template that a pod reads at start, so that a change of it restarts the pod. Rendered once for all pods, and from the release's
own values where a group of workers sees others. Argument: list root name.
*/}}
{{- define "airflow.checksum" -}}
{{- $root := (index . 0).release | default (index . 0) }}
{{- $memory := printf "aerodromeChecksum/%s" (index . 1) }}
{{- if not (hasKey $root.Release $memory) }}{{ $_ := set $root.Release $memory (include "airflow.checksum.of" (list $root (index . 1))) }}{{ end }}
{{- get $root.Release $memory }}
{{- end }}

{{- define "airflow.checksum.of" -}}
{{- $template := get (dict
      "airflow-config" "configmaps/configmap"
      "api-server-config" "configmaps/api-server-configmap"
      "extra-configmaps" "configmaps/extra-configmaps"
      "extra-secrets" "secrets/extra-secrets"
      "flower-secret" "secrets/flower-secret"
      "jwt-secret" "secrets/jwt-secret"
      "kerberos-keytab" "secrets/kerberos-keytab-secret"
      "metadata-secret" "secrets/metadata-connection-secret"
      "pgbouncer-certificates-secret" "secrets/pgbouncer-certificates-secret"
      "pgbouncer-config-secret" "secrets/pgbouncer-config-secret"
      "result-backend-secret" "secrets/result-backend-connection-secret"
      "statsd-config" "configmaps/statsd-configmap"
      "tenant-pods" "tenants/pods"
      "webserver-config" "configmaps/webserver-configmap"
      "webserver-secret-key" "secrets/webserver-secret-key-secret") (index . 1) }}
{{- include (printf "%s/%s.yaml" (index . 0).Template.BasePath $template) (index . 0) | sha256sum }}
{{- end }}

{{/* *value* as YAML (a text as it is), its templates rendered. Argument: list value root. */}}
{{- define "airflow.render" -}}
{{- $value := index . 0 }}
{{- $text := $value }}
{{- if not (kindIs "string" $value) }}{{ $text = toYaml $value }}{{ end }}
{{- if contains "{{" $text }}{{ tpl $text (index . 1) }}{{ else }}{{ $text }}{{ end }}
{{- end }}

{{/* The texts one below the other, without the empty ones. Argument: list of texts. */}}
{{- define "airflow.join" -}}
{{- $parts := list }}
{{- range . }}
{{- with trim . }}{{ $parts = append $parts . }}{{ end }}
{{- end }}
{{- join "\n" $parts }}
{{- end }}
