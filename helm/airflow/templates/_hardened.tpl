{{/* Security contexts of the pods that have no counterpart in the official chart: strict, whatever the policy's profile. */}}

{{/* One user for all containers: files of the pod's volumes are its, and at a socket the kernel tells who asks by the number of a user. Argument: the root context. */}}
{{- define "airflow.hardened.pod" -}}
runAsNonRoot: true
runAsUser: {{ int64 .Values.uid }}
runAsGroup: {{ int64 .Values.uid }}
fsGroup: {{ int64 .Values.uid }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "airflow.hardened.container" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}
