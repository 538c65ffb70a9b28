{{/* References of images. */}}

{{/* repository@digest or repository:tag. Argument: dict repository, tag, digest. */}}
{{- define "airflow.image.reference" -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag }}{{ end }}
{{- end }}

{{/* The image of Airflow. Argument: the root context. */}}
{{- define "airflow.image" -}}
{{- include "airflow.image.withDefaults" (dict "root" . "image" .Values.images.airflow) }}
{{- end }}

{{/* An image whose missing parts are those of Airflow's default image. Argument: dict root, image. */}}
{{- define "airflow.image.withDefaults" -}}
{{- $values := .root.Values }}
{{- $digest := .image.digest }}
{{- if not .image.tag }}{{ $digest = $digest | default $values.defaultAirflowDigest }}{{ end }}
{{- include "airflow.image.reference" (dict
      "repository" (.image.repository | default $values.defaultAirflowRepository)
      "tag" (.image.tag | default $values.defaultAirflowTag)
      "digest" $digest) }}
{{- end }}

{{/* Image of the containers that migrate or wait for the migrations. Argument: the root context. */}}
{{- define "airflow.image.migrations" -}}
{{- if .Values.images.useDefaultImageForMigration }}
{{- include "airflow.image.withDefaults" (dict "root" . "image" dict) }}
{{- else }}
{{- include "airflow.image" . }}
{{- end }}
{{- end }}

{{/* Image of the pods of the Kubernetes executor. Argument: the root context. */}}
{{- define "airflow.image.podTemplate" -}}
{{- $given := .Values.images.pod_template }}
{{- $airflow := .Values.images.airflow }}
{{- include "airflow.image.withDefaults" (dict "root" . "image" (dict
      "repository" ($given.repository | default $airflow.repository)
      "tag" ($given.tag | default $airflow.tag)
      "digest" (ternary nil $airflow.digest (not (empty $given.tag))))) }}
{{- end }}

{{/* Image of Flower: its own, else Airflow's. Argument: the root context. */}}
{{- define "airflow.image.flower" -}}
{{- $given := .Values.images.flower }}
{{- if or $given.repository $given.tag }}
{{- include "airflow.image.withDefaults" (dict "root" . "image" $given) }}
{{- else }}
{{- include "airflow.image" . }}
{{- end }}
{{- end }}

{{/* Another image of .Values.images. Argument: list root key. */}}
{{- define "airflow.image.of" -}}
{{- include "airflow.image.reference" (get (index . 0).Values.images (index . 1)) }}
{{- end }}

{{/* imagePullSecrets of every pod: those of the values, else that of the registry. Argument: the root context. */}}
{{- define "airflow.imagePullSecrets" -}}
{{- $secrets := list }}
{{- range .Values.imagePullSecrets }}
{{- if kindIs "map" . }}{{ $secrets = append $secrets . }}
{{- else if . }}{{ $secrets = append $secrets (dict "name" .) }}
{{- end }}
{{- end }}
{{- if and (not $secrets) (or .Values.registry.secretName .Values.registry.connection) }}
{{- $secrets = list (dict "name" (include "airflow.secret.registry" .)) }}
{{- end }}
{{- toYaml $secrets }}
{{- end }}

{{/*
Refuses an image that deploymentPolicy.images does not allow: by tag images come from one of its registries; with requireDigest every image
is named by its digest, and comes from one of the registries if any are named.
Argument: dict root, component, image; and key (of the values), or case, container, place (see airflow.policy.container).
*/}}
{{- define "airflow.policy.image" }}
{{- $rule := .root.Values.deploymentPolicy.images }}
{{- $digest := contains "@sha256:" .image }}
{{- $listed := not (empty (include "airflow.policy.image.listed" (list .image $rule.registries))) }}
{{- $strange := and (not $listed) (or (not $digest) (and $rule.requireDigest (not (empty $rule.registries)))) }}
{{- $nameless := and $rule.requireDigest (not $digest) }}
{{- if or $strange $nameless }}
{{- $text := printf "image %s of %s has no digest; write its digest, where there is no key for it behind the tag (TAG@sha256:…)" .image .component }}
{{- if not $nameless }}
{{- $text = printf "image %s of %s comes from none of deploymentPolicy.images.registries (%s); name its registry there, take it from one of them, or write its digest"
      .image .component (join ", " $rule.registries) }}
{{- end }}
{{- $key := .key }}
{{- if not $key }}{{ $key = include "airflow.policy.container.imageKey" . }}{{ end }}
{{- include "airflow.policy.refuse" (dict "root" .root "component" .component "rule" "images" "text" (printf "%s: %s" $key $text)) }}
{{- end }}
{{- end }}

{{/* "true" where the image comes from one of the registries, or a folder of one. Argument: list image registries. */}}
{{- define "airflow.policy.image.listed" -}}
{{- $path := trimPrefix "docker.io/" (index . 0) }}
{{- $full := $path }}
{{- if not (contains "/" $path) }}{{ $full = printf "docker.io/library/%s" $path }}
{{- else if not (regexMatch "[.:]|^localhost$" (splitList "/" $path | first)) }}{{ $full = printf "docker.io/%s" $path }}
{{- end }}
{{- range index . 1 }}
{{- if hasPrefix (printf "%s/" (trimSuffix "/" .)) $full }}true{{ end }}
{{- end }}
{{- end }}
