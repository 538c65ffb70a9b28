{{/* Jobs of the platform: pods that hold what their own job needs, and nothing of Airflow's components. */}}

{{/* Argument for all where nothing else is said: dict root, name (of the job), values (its section of platform). */}}
{{- define "airflow.platform.name" -}}{{ include "airflow.fullname" .root }}-{{ .name }}{{ end }}

{{- define "airflow.platform.metadata" -}}
{{- include "airflow.metadata" (dict "root" .root "name" (include "airflow.platform.name" .) "component" .name "annotations" .annotations) }}
{{- end }}

{{/* Its service account. Nothing in the cluster is allowed to it unless a role says so. */}}
{{- define "airflow.platform.account" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "airflow.platform.metadata" (merge (dict "annotations" .values.serviceAccount.annotations) .) | nindent 2 }}
automountServiceAccountToken: false
{{- end }}

{{/*
The pod template: metadata and spec.
Argument: with command (list), env, mounts, volumes (texts); and where wanted sidecars (text), restartPolicy, token (true: it talks to the cluster), annotations.
*/}}
{{- define "airflow.platform.pod" -}}
{{- $values := set (omit .values "securityContexts") "securityContexts" (dict "pod" (include "airflow.hardened.pod" .root | fromYaml)) -}}
metadata:
  labels:
    {{- include "airflow.selectorLabels" (dict "root" .root "component" .name) | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- include "airflow.pod.spec" (dict
        "root" .root "component" .name "values" $values "serviceAccount" (include "airflow.platform.name" .) "automount" (eq true .token)
        "restartPolicy" (.restartPolicy | default "Always")
        "initContainers" .sidecars
        "containers" (include "airflow.container" (dict
          "root" .root "name" .name "values" (omit $values "securityContexts") "securityContext" (include "airflow.hardened.container" nil)
          "command" .command "env" .env "mounts" (print (default "" .mounts) "\n- {name: scratch, mountPath: /tmp}") ))
        "volumes" (print (default "" .volumes) "\n- name: scratch\n  emptyDir: {sizeLimit: 1Gi}")) | nindent 2 }}
{{- end }}

{{/* Airflow's configuration and the database, as the user of the job's own secret where it has one. */}}
{{- define "airflow.platform.databaseEnv" -}}
- name: AIRFLOW_HOME
  value: {{ .root.Values.airflowHome }}
- name: AIRFLOW__CORE__FERNET_KEY
  value: ""
{{ include "airflow.env.fromSecret" (list "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN" (.values.databaseSecretName | default (include "airflow.secret.metadata" .root)) "connection") }}
{{- end }}

{{/*
A network policy: nothing comes in; out goes DNS and what *egress*, a text, says.
Argument: with egress.
*/}}
{{- define "airflow.platform.networkPolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "airflow.platform.metadata" . | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "airflow.selectorLabels" (dict "root" .root "component" .name) | nindent 6 }}
  policyTypes: [Ingress, Egress]
  egress:
    {{- include "airflow.egress.dns" .root | nindent 4 }}
    {{- .egress | trim | nindent 4 }}
{{- end }}
