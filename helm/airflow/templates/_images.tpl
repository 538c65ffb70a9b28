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
