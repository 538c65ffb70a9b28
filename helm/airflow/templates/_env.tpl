{{/* Environment of the containers that run Airflow. */}}

{{/*
All of it, in this order: what the values' env, secret and extraEnv say; Airflow's own settings; the section's env.
Argument: dict root, component, values (the section, its env comes last); and where wanted
first (text, comes before all), extra (text, comes before the section's env), plain (true: nothing of env, secret and extraEnv).
*/}}
{{- define "airflow.env" -}}
{{- with .first }}{{ . }}{{ "\n" }}{{ end }}
{{- if not .plain }}{{ include "airflow.env.custom" .root }}{{ end }}
{{- include "airflow.env.standard" . }}
{{- include "airflow.telemetry.env" . }}
{{- with .extra }}{{ "\n" }}{{ . }}{{ end }}
{{- with .values.env }}{{ "\n" }}{{ include "airflow.render" (list . $.root) }}{{ end }}
{{- end }}

{{/* One variable read from a secret. Argument: list name secret key. */}}
{{- define "airflow.env.fromSecret" -}}
- name: {{ index . 0 }}
  valueFrom:
    secretKeyRef:
      name: {{ index . 1 }}
      key: {{ index . 2 }}
{{- end }}

{{/*
Airflow's home, and the secrets that this version with this executor needs, less what enableBuiltInSecretEnvVars switches off
and what the policy forbids the component. Argument: dict root, component.
*/}}
{{- define "airflow.env.standard" -}}
{{- $root := .root }}
{{- $three := include "airflow.version.three" $root }}
{{- $celery := include "airflow.executor.celery" $root }}
{{- $results := and $celery (include "airflow.resultBackend.ownSecret" $root) }}
{{- $elastic := $root.Values.elasticsearch.enabled }}
{{- $keda := or
      (include "airflow.keda.ownConnection" (list $root $root.Values.workers.keda))
      (include "airflow.keda.ownConnection" (list $root $root.Values.triggerer.keda)) }}
{{- $forbidden := include "airflow.policy.forbiddenSecrets" . | splitList " " }}
{{- $variables := list }}
{{- range list
      (list "AIRFLOW__CORE__FERNET_KEY" true "fernetKey" "fernet-key")
      (list "AIRFLOW_HOME" true)
      (list "AIRFLOW__CORE__SQL_ALCHEMY_CONN" true "metadata" "connection")
      (list "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN" true "metadata" "connection")
      (list "AIRFLOW_CONN_AIRFLOW_DB" true "metadata" "connection")
      (list "KEDA_DB_CONN" $keda "metadata" "kedaConnection")
      (list "AIRFLOW__WEBSERVER__SECRET_KEY" (not $three) "webserverKey" "webserver-secret-key")
      (list "AIRFLOW__API__SECRET_KEY" $three "apiKey" "api-secret-key")
      (list "AIRFLOW__API_AUTH__JWT_SECRET" $three "jwt" "jwt-secret")
      (list "AIRFLOW__CELERY__CELERY_RESULT_BACKEND" $results "resultBackend" "connection")
      (list "AIRFLOW__CELERY__RESULT_BACKEND" $results "resultBackend" "connection")
      (list "AIRFLOW__CELERY__RESULT_BACKEND" (and $celery (include "airflow.policy.resultsInBroker" $root)) "brokerUrl" "connection")
      (list "AIRFLOW__CELERY__BROKER_URL" $celery "brokerUrl" "connection")
      (list "AIRFLOW__ELASTICSEARCH__HOST" $elastic "elasticsearch" "connection")
      (list "AIRFLOW__ELASTICSEARCH__ELASTICSEARCH_HOST" $elastic "elasticsearch" "connection")
      (list "AIRFLOW__OPENSEARCH__HOST" $root.Values.opensearch.enabled "opensearch" "connection") }}
{{- $name := index . 0 }}
{{- if and (index . 1) (ne "false" (get $root.Values.enableBuiltInSecretEnvVars $name | toString)) (not (has $name $forbidden)) }}
{{- if eq (len .) 2 }}
{{- $variables = append $variables (printf "- name: %s\n  value: %s" $name $root.Values.airflowHome) }}
{{- else }}
{{- $secret := include (printf "airflow.secret.%s" (index . 2)) $root }}
{{- $variables = append $variables (include "airflow.env.fromSecret" (list $name $secret (index . 3))) }}
{{- end }}
{{- end }}
{{- end }}
{{- join "\n" $variables }}
{{- end }}

{{/*
What the values give for all containers: env, secret, extraEnv. With a Kubernetes executor also what hands them to the task pods.
Ends with a line break where it prints anything. Argument: the root context.
*/}}
{{- define "airflow.env.custom" -}}
{{- $kubernetes := include "airflow.executor.kubernetes" . }}
{{- range .Values.env -}}
- name: {{ .name }}
  value: {{ .value | quote }}
{{ if $kubernetes -}}
- name: AIRFLOW__KUBERNETES_ENVIRONMENT_VARIABLES__{{ .name }}
  value: {{ .value | quote }}
{{ end }}
{{- end }}
{{- range .Values.secret -}}
{{ include "airflow.env.fromSecret" (list .envName .secretName (.secretKey | default "value")) }}
{{ if $kubernetes -}}
- name: AIRFLOW__KUBERNETES_SECRETS__{{ .envName }}
  value: {{ printf "%s=%s" .secretName (.secretKey | default "value") | quote }}
{{ end }}
{{- end }}
{{- with .Values.extraEnv }}{{ include "airflow.render" (list . $) | trimSuffix "\n" }}{{ "\n" }}{{ end }}
{{- end }}

{{/* Where Kerberos finds its configuration and its tickets. Argument: the root context. */}}
{{- define "airflow.env.kerberos" -}}
- name: KRB5_CONFIG
  value: {{ .Values.kerberos.configPath | quote }}
- name: KRB5CCNAME
  value: {{ printf "%s/%s" .Values.kerberos.ccacheMountPath .Values.kerberos.ccacheFileName | quote }}
{{- end }}

{{/* envFrom of all containers, or nothing. Argument: the root context. */}}
{{- define "airflow.env.from" -}}
{{- with .Values.extraEnvFrom }}{{ include "airflow.render" (list . $) | trimSuffix "\n" }}{{ end }}
{{- end }}

{{/*
"true" where KEDA cannot use the connection of the containers: MySQL, or PgBouncer that KEDA is to go round.
Argument: list root keda.
*/}}
{{- define "airflow.keda.ownConnection" -}}
{{- $values := (index . 0).Values }}
{{- $keda := index . 1 }}
{{- if and $keda.enabled (or (eq $values.data.metadataConnection.protocol "mysql") (and $values.pgbouncer.enabled (not $keda.usePgbouncer))) }}true{{ end }}
{{- end }}
