{{/* git-sync: fetches the DAG files into the volume dags. Version 3 reads GIT_SYNC_*, version 4 GITSYNC_*: both are set. */}}

{{/*
"true" where a pod must run git-sync itself. A shared volume of DAG files is filled by one pod alone: the one that parses them (*writer*).
Argument: dict root; and where wanted writer.
*/}}
{{- define "airflow.gitSync.inPod" -}}
{{- if and .root.Values.dags.gitSync.enabled (or .writer (not .root.Values.dags.persistence.enabled)) }}true{{ end }}
{{- end }}

{{/* The container. Argument: dict root; and init (true: fetch once and end). */}}
{{- define "airflow.gitSync.container" -}}
{{- $git := .root.Values.dags.gitSync }}
{{- $image := .root.Values.images.gitSync }}
{{- include "airflow.container" (dict
      "root" .root "values" (ternary (omit $git "containerLifecycleHooks") $git (not (empty .init))) "ownHooks" true
      "name" (ternary (printf "%s-init" $git.containerName) $git.containerName (not (empty .init)))
      "image" (include "airflow.image.of" (list .root "gitSync")) "pullPolicy" $image.pullPolicy
      "securityContext" (include "airflow.gitSync.securityContext" $git)
      "env" (include "airflow.gitSync.env" .)
      "envFrom" (include "airflow.render" (list ($git.envFrom | default "") .root) | trim)
      "mounts" (include "airflow.gitSync.mounts" .root)
      "probes" (ternary "" (include "airflow.gitSync.probes" $git) (not (empty .init)))) }}
{{- end }}

{{/* Argument: dags.gitSync. */}}
{{- define "airflow.gitSync.securityContext" -}}
{{- $contexts := .securityContexts | default dict }}
{{- toYaml ($contexts.container | default .securityContext | default (dict "runAsUser" (int64 .uid))) }}
{{- end }}

{{- define "airflow.gitSync.probes" -}}
{{- range $kind := list "livenessProbe" "readinessProbe" }}
{{- with get $ $kind }}
{{ $kind }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{- define "airflow.gitSync.usesSsh" -}}
{{- if or .Values.dags.gitSync.sshKeySecret .Values.dags.gitSync.sshKey }}true{{ end }}
{{- end }}

{{- define "airflow.gitSync.mounts" }}
- name: dags
  mountPath: /git
{{- if include "airflow.gitSync.usesSsh" . }}
{{- include "airflow.mount.file" (list "git-sync-ssh-key" "/etc/git-secret/ssh" "gitSshKey") }}
{{- if .Values.dags.gitSync.knownHosts }}
{{- include "airflow.mount.file" (list "config" "/etc/git-secret/known_hosts" "known_hosts") }}
{{- end }}
{{- end }}
{{- with .Values.dags.gitSync.extraVolumeMounts }}
{{ include "airflow.render" (list . $) }}
{{- end }}
{{- end }}

{{- define "airflow.gitSync.volumes" -}}
{{- if include "airflow.gitSync.usesSsh" . }}
- name: git-sync-ssh-key
  secret:
    secretName: {{ include "airflow.secret.gitSshKey" . }}
    defaultMode: 288
{{- end }}
{{- end }}

{{/* The key for the pod that fills a shared volume of DAG files; with a volume of its own it comes with airflow.volumes.dags. Argument: root. */}}
{{- define "airflow.gitSync.writerVolumes" -}}
{{- if and .Values.dags.gitSync.enabled .Values.dags.persistence.enabled }}{{ include "airflow.gitSync.volumes" . }}{{ end }}
{{- end }}

{{- define "airflow.gitSync.env" -}}
{{- $git := .root.Values.dags.gitSync }}
{{- $rows := list }}
{{- if include "airflow.gitSync.usesSsh" .root }}
{{- $rows = list
      (list "GIT_SSH_KEY_FILE" "GITSYNC_SSH_KEY_FILE" "/etc/git-secret/ssh")
      (list "GIT_SYNC_SSH" "GITSYNC_SSH" "true")
      (list "GIT_KNOWN_HOSTS" "GITSYNC_SSH_KNOWN_HOSTS" (not (empty $git.knownHosts))) }}
{{- if $git.knownHosts }}
{{- $rows = append $rows (list "GIT_SSH_KNOWN_HOSTS_FILE" "GITSYNC_SSH_KNOWN_HOSTS_FILE" "/etc/git-secret/known_hosts") }}
{{- end }}
{{- else if $git.credentialsSecret }}
{{- include "airflow.gitSync.credentials" .root }}
{{- end }}
{{- $rows = concat $rows (list
      (list "GIT_SYNC_REV" nil $git.rev)
      (list nil "GITSYNC_REF" $git.ref)
      (list "GIT_SYNC_BRANCH" nil $git.branch)
      (list "GIT_SYNC_REPO" "GITSYNC_REPO" $git.repo)
      (list "GIT_SYNC_DEPTH" "GITSYNC_DEPTH" $git.depth)
      (list "GIT_SYNC_ROOT" "GITSYNC_ROOT" "/git")
      (list "GIT_SYNC_DEST" "GITSYNC_LINK" "repo")
      (list "GIT_SYNC_ADD_USER" "GITSYNC_ADD_USER" "true")) }}
{{- if $git.wait }}{{ $rows = append $rows (list "GIT_SYNC_WAIT" nil $git.wait) }}{{ end }}
{{- $rows = concat $rows (list
      (list nil "GITSYNC_PERIOD" (ternary (printf "%vs" $git.wait) $git.period (not (empty $git.wait))))
      (list "GIT_SYNC_MAX_SYNC_FAILURES" "GITSYNC_MAX_FAILURES" $git.maxFailures)) }}
{{- if .init }}{{ $rows = append $rows (list "GIT_SYNC_ONE_TIME" "GITSYNC_ONE_TIME" "true") }}{{ end }}
{{- range $rows }}
{{- $value := index . 2 | toString }}
{{- range list (index . 0) (index . 1) }}
{{- with . }}
- name: {{ . }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- with $git.env }}
{{ include "airflow.render" (list . $.root) }}
{{- end }}
{{- end }}

{{/* User and password; the names of version 3 only where the image is surely one. Argument: the root context. */}}
{{- define "airflow.gitSync.credentials" -}}
{{- $tag := .Values.images.gitSync.tag | toString | splitList "@" | first }}
{{- $prefix := "GITSYNC" }}
{{- if and (regexMatch "^v?[0-9]+[.]" $tag) (semverCompare "<4.0.0-0" $tag) }}{{ $prefix = "GIT_SYNC" }}{{ end }}
{{- range list "USERNAME" "PASSWORD" }}
{{- $name := printf "%s_%s" $prefix . }}
{{ include "airflow.env.fromSecret" (list $name $.Values.dags.gitSync.credentialsSecret $name) }}
{{- end }}
{{- end }}

{{/* What a pod needs of it: a container that fetches once before the others start, and one that goes on. Argument: as airflow.gitSync.inPod. */}}
{{- define "airflow.gitSync.initContainer" -}}
{{- if include "airflow.gitSync.inPod" . }}{{ include "airflow.gitSync.container" (dict "root" .root "init" true) }}{{ end }}
{{- end }}

{{- define "airflow.gitSync.sidecar" -}}
{{- if include "airflow.gitSync.inPod" . }}{{ include "airflow.gitSync.container" (dict "root" .root) }}{{ end }}
{{- end }}
