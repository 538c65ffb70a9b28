{{/* Containers: the frame of each, and those that several components have. */}}

{{/*
One container.
Argument: dict root, name, values (its section: command, args, resources, securityContexts, containerLifecycleHooks); and where wanted
image, pullPolicy; env, envFrom, ports, mounts, probes (texts); command, args, resources, securityContext (text), each in place of the
section's; uid (see airflow.security.container); ownHooks (true: the global containerLifecycleHooks are not for this container).
*/}}
{{- define "airflow.container" -}}
- name: {{ .name }}
  image: {{ .image | default (include "airflow.image" .root) }}
  imagePullPolicy: {{ .pullPolicy | default .root.Values.images.airflow.pullPolicy }}
  securityContext:
    {{- .securityContext | default (include "airflow.security.container" .) | nindent 4 }}
{{- with include "airflow.container.hooks" . }}
  lifecycle:
    {{- . | nindent 4 }}
{{- end }}
{{- with .command | default .values.command }}
  command:
    {{- include "airflow.render" (list . $.root) | nindent 4 }}
{{- end }}
{{- with .args | default .values.args }}
  args:
    {{- include "airflow.render" (list . $.root) | nindent 4 }}
{{- end }}
  resources:
    {{- .resources | default .values.resources | default dict | toYaml | nindent 4 }}
{{- with .ports }}
  ports:
    {{- . | nindent 4 }}
{{- end }}
{{- with .envFrom }}
  envFrom:
    {{- . | nindent 4 }}
{{- end }}
{{- with .env | default "" | trim }}
  env:
    {{- . | nindent 4 }}
{{- end }}
{{- with .mounts | default "" | trim }}
  volumeMounts:
    {{- . | nindent 4 }}
{{- end }}
{{- with .probes | default "" | trim }}
  {{- . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The lifecycle hooks of a container: its section's, else the global ones. Argument: as airflow.container. */}}
{{- define "airflow.container.hooks" -}}
{{- $hooks := .values.containerLifecycleHooks }}
{{- if not .ownHooks }}{{ $hooks = $hooks | default .root.Values.containerLifecycleHooks }}{{ end }}
{{- with $hooks }}{{ include "airflow.render" (list . $.root) }}{{ end }}
{{- end }}

{{/*
A container that runs Airflow with all that implies: its environment and its configuration.
Argument: as airflow.container without env, with component; and what airflow.env takes (first, extra, plain).
*/}}
{{- define "airflow.container.airflow" -}}
{{- $env := include "airflow.env" . }}
{{- $envFrom := ternary "" (include "airflow.env.from" .root) (not (empty .plain)) }}
{{- include "airflow.container" (merge (dict "env" $env "envFrom" $envFrom) .) }}
{{- end }}

{{/*
Init container that waits for the database's migrations, where the section wants one and the component reaches the database.
Argument: dict root, component, values (the component's section), mounts.
*/}}
{{- define "airflow.container.waitForMigrations" -}}
{{- if and .values.waitForMigrations.enabled (include "airflow.policy.holdsDatabase" .) }}
{{- include "airflow.container.airflow" (dict
      "root" .root "component" .component "name" "wait-for-airflow-migrations" "ownHooks" true
      "image" (include "airflow.image.migrations" .root)
      "values" .values.waitForMigrations "resources" .values.resources "mounts" .mounts
      "args" (include "airflow.container.waitForMigrations.args" .root)) }}
{{- end }}
{{- end }}

{{- define "airflow.container.waitForMigrations.args" -}}
{{- if include "airflow.version.atLeast" (list . "2.0.0") -}}
- airflow
- db
- check-migrations
- --migration-wait-timeout={{ .Values.images.migrationsWaitTimeout }}
{{- else -}}
- python
- -c
- |
  {{- .Files.Get "files/wait-for-migrations-1.py" | replace "{{timeout}}" (toString .Values.images.migrationsWaitTimeout) | nindent 2 }}
{{- end }}
{{- end }}

{{/*
Sidecar that deletes old logs, where the section wants one.
Argument: dict root, component, values (the component's section), mounts; and where wanted ownHooks.
*/}}
{{- define "airflow.container.logGroomer" -}}
{{- $groomer := .values.logGroomerSidecar }}
{{- if $groomer.enabled }}
{{- include "airflow.container" (dict
      "root" .root "name" (printf "%s-log-groomer" .component) "values" $groomer "mounts" .mounts "ownHooks" .ownHooks
      "env" (include "airflow.container.logGroomer.env" (list .root $groomer))) }}
{{- end }}
{{- end }}

{{- define "airflow.container.logGroomer.env" -}}
{{- $root := index . 0 }}
{{- $groomer := index . 1 }}
{{- with $groomer.retentionDays -}}
- name: AIRFLOW__LOG_RETENTION_DAYS
  value: {{ . | quote }}
{{ end }}
{{- with $groomer.frequencyMinutes -}}
- name: AIRFLOW__LOG_CLEANUP_FREQUENCY_MINUTES
  value: {{ . | quote }}
{{ end -}}
- name: AIRFLOW_HOME
  value: {{ $root.Values.airflowHome }}
{{- with $groomer.env }}
{{ include "airflow.render" (list . $root) }}
{{- end }}
{{- end }}

{{/*
Init container that gives the volume of the logs to Airflow's user.
Argument: dict root, values (with persistence); and where wanted mounts (text): folders of the volume that are made before.
*/}}
{{- define "airflow.container.volumePermissions" -}}
{{- $values := .root.Values }}
{{- include "airflow.container" (dict
      "root" .root "name" "volume-permissions" "values" .values.persistence "resources" .values.resources "ownHooks" true
      "securityContext" (include "airflow.security.volumePermissions" .)
      "command" (list "chown" "-R" (printf "%v:%v" (include "airflow.security.user" .) (int64 $values.gid)) (include "airflow.path.logs" .root))
      "mounts" (print (include "airflow.mounts.logs" .root) (.mounts | default ""))) }}
{{- end }}
