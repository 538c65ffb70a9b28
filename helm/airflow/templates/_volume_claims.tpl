{{/* Volume claims that several components share. */}}

{{/* PersistentVolumeClaim, unless one that exists is named. Argument: dict root, name, component, persistence, accessMode. */}}
{{- define "airflow.volumeClaim" -}}
{{- if and .persistence.enabled (not .persistence.existingClaim) }}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  {{- include "airflow.metadata" (dict
        "root" .root "name" .name "component" .component "annotations" .persistence.annotations) | nindent 2 }}
spec:
  accessModes: [{{ .accessMode | quote }}]
  resources:
    requests:
      storage: {{ .persistence.size | quote }}
  {{- with .persistence.storageClassName }}
  storageClassName: {{ eq . "-" | ternary "" (tpl . $.root) | quote }}
  {{- end }}
{{- end }}
{{- end }}
