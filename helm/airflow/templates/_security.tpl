{{/* Security contexts as the values give them. What the policy adds: _policy_pod.tpl. */}}

{{/*
Security context of a pod that runs Airflow's image; the first that is given wins.
Argument: dict root, component, values (the component's section); uid where the pod runs an image with a user of its own (redis, statsd,
pgbouncer), which then ignores the global contexts.
*/}}
{{- define "airflow.security.pod" -}}
{{- $contexts := .values.securityContexts | default dict }}
{{- $own := $contexts.pod | default .values.securityContext }}
{{- if $own }}{{ toYaml $own }}
{{- else if hasKey . "uid" }}{{ include "airflow.policy.user" (dict "root" .root "uid" .uid "component" .component) }}
{{- else if .root.Values.securityContexts.pod }}{{ toYaml .root.Values.securityContexts.pod }}
{{- else if .root.Values.securityContext }}{{ toYaml .root.Values.securityContext }}
{{- /* Numbers of values are floats, which print as 1e+06: an OpenShift user has ten digits. */}}
{{- else }}runAsUser: {{ .root.Values.uid | int64 }}
fsGroup: {{ .root.Values.gid | int64 }}
{{- end }}
{{- end }}

{{/* Security context of a container. Argument: as airflow.security.pod; values is the section that holds securityContexts. */}}
{{- define "airflow.security.container" -}}
{{- $contexts := .values.securityContexts | default dict }}
{{- $global := ternary dict .root.Values.securityContexts (hasKey . "uid") }}
{{- with $contexts.container | default $global.container | default $global.containers }}{{ toYaml . }}
{{- else }}allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
{{- end }}
{{- end }}

{{/* The user as whom a pod runs. Argument: as airflow.security.pod. */}}
{{- define "airflow.security.user" -}}
{{- $context := include "airflow.security.pod" . | fromYaml }}
{{- $context.runAsUser | default .root.Values.uid | int64 }}
{{- end }}

{{/* Security context of the container that changes who owns a volume: root, unless the values say otherwise. Argument: dict root, values (with persistence). */}}
{{- define "airflow.security.volumePermissions" -}}
{{- $contexts := .values.persistence.securityContexts | default dict }}
{{- toYaml ($contexts.container | default (dict "runAsUser" 0)) }}
{{- end }}
