{{/* Secrets. Their names: _names.tpl. */}}

{{/*
A Secret of texts, each of which is encoded here.
Argument: dict root, name, data (key → text; keys without a text are left out); and where wanted component, labels, annotations, type,
atInstall (made before everything else, and only then: an upgrade leaves it as it is).
*/}}
{{- define "airflow.secret" -}}
apiVersion: v1
kind: Secret
metadata:
  {{- $annotations := .annotations | default dict }}
  {{- if .atInstall }}{{ $annotations = merge (dict) $annotations (include "airflow.hook" "pre-install" | fromYaml) }}{{ end }}
  {{- include "airflow.metadata" (merge (dict "annotations" $annotations) .) | nindent 2 }}
type: {{ .type | default "Opaque" }}
data:
  {{- range $key, $text := .data }}
  {{- with $text }}
  {{ $key }}: {{ . | b64enc | quote }}
  {{- end }}
  {{- end }}
{{- end }}

{{/* Annotations of an object that Helm makes before the release's others. Argument: the events, separated by commas. */}}
{{- define "airflow.hook" -}}
helm.sh/hook: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation
helm.sh/hook-weight: "0"
{{- end }}

{{/*
A text that the release generated for itself: what the secret holds already, else a new one. All templates of one rendering are given the
same, checksums among them: otherwise the next deploy would find another checksum, and restart pods for nothing.
Argument: dict root, name (of the secret), key, length.
*/}}
{{- define "airflow.secret.generated" -}}
{{- $memory := printf "aerodromeGenerated/%s/%s" .name .key }}
{{- if not (hasKey .root.Release $memory) }}
{{- $held := (lookup "v1" "Secret" .root.Release.Namespace .name | default dict).data | default dict }}
{{- $_ := set .root.Release $memory (get $held .key | b64dec | default (randAlphaNum (.length | default 32 | int))) }}
{{- end }}
{{- get .root.Release $memory }}
{{- end }}

{{/*
The objects of extraSecrets or extraConfigMaps. Their names and texts are templates.
Argument: dict root, kind, objects (name → settings).
*/}}
{{- define "airflow.extraObjects" -}}
{{- range $name, $object := .objects }}
---
apiVersion: v1
kind: {{ $.kind }}
metadata:
  {{- $annotations := $object.annotations | default dict }}
  {{- if or (not (hasKey $object "useHelmHooks")) $object.useHelmHooks }}
  {{- $annotations = merge (dict) $annotations (include "airflow.hook" "pre-install,pre-upgrade" | fromYaml) }}
  {{- end }}
  {{- include "airflow.metadata" (dict
        "root" $.root "name" (tpl $name $.root | quote) "labels" $object.labels "annotations" $annotations) | nindent 2 }}
{{- with $object.type }}
type: {{ . }}
{{- end }}
{{- range $section := list "data" "stringData" "binaryData" }}
{{- with get $object $section }}
{{ $section }}:
  {{- include "airflow.render" (list . $.root) | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
