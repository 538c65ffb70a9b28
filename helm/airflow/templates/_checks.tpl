{{/* What the company's profile refuses beside contradictions that cannot work at all (check-values.yaml). Arguments of all checks: list root problems. */}}

{{/* Keys at the top that the chart does not know; the official chart takes any. */}}
{{- define "airflow.check.keys" -}}
{{- $root := index . 0 }}
{{- $problems := index . 1 }}
{{- $known := $root.Files.Lines "files/top-level-keys.txt" | compact }}
{{- range $key := keys $root.Values | sortAlpha }}
{{- if not (or (has $key $known) (eq $key "global")) }}
{{- $near := include "airflow.check.nearest" (list $key $known) }}
{{- include "airflow.check.note" (list $problems true (printf "%s: there is no such key%s" $key
      (ternary "; docs/reference/chart-values.md lists them" (printf "; did you mean %s?" $near) (empty $near)))) }}
{{- end }}
{{- end }}
{{- end }}

{{/* The name that shares most pairs of letters with *word*, if that is more than half of them. Argument: list word names. */}}
{{- define "airflow.check.nearest" -}}
{{- $word := index . 0 | lower }}
{{- $best := 0 }}
{{- $nearest := "" }}
{{- range $name := index . 1 }}
{{- $shared := 0 }}
{{- range $place := until (int (sub (len $word) 1)) }}
{{- if contains (substr $place (int (add 2 $place)) $word) (lower $name) }}{{ $shared = add 1 $shared }}{{ end }}
{{- end }}
{{- $score := div (mul 200 $shared) (sub (add (len $word) (len $name)) 2 | max 1) }}
{{- if and (gt $score 50) (gt $score $best) }}
{{- $best = $score }}
{{- $nearest = $name }}
{{- end }}
{{- end }}
{{- $nearest }}
{{- end }}

{{/* The way in to a git repository, and its address. */}}
{{- define "airflow.check.repository" -}}
{{- $root := index . 0 }}
{{- $problems := index . 1 }}
{{- $git := $root.Values.dags.gitSync }}
{{- if $git.enabled }}
{{- $ssh := include "airflow.gitSync.usesSsh" $root }}
{{- $https := hasPrefix "https://" $git.repo }}
{{- include "airflow.check.note" (list $problems (and $ssh $https (not $git.credentialsSecret))
      (printf "dags.gitSync.repo: %q is no ssh address, and dags.gitSync.sshKey/sshKeySecret opens no other; write the ssh address, or credentialsSecret in place of the key" $git.repo)) }}
{{- include "airflow.check.note" (list $problems (and $git.credentialsSecret (not $ssh) (not (hasPrefix "http" $git.repo)))
      (printf "dags.gitSync.credentialsSecret: %q is no https address, and a user with a password opens no other; write the https address, or sshKeySecret in place of it" $git.repo)) }}
{{- range $git.env }}
{{- include "airflow.check.note" (list $problems (and (eq .name "GITSYNC_GITHUB_APP_APPLICATION_ID") (or $ssh $git.credentialsSecret))
      (printf "dags.gitSync.env and dags.gitSync.%s: git-sync logs in one way, and %s makes it an app of GitHub; keep one of the two" (ternary "sshKey/sshKeySecret" "credentialsSecret" (not (empty $ssh))) .name)) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Which database there is, and who stands before it. */}}
{{- define "airflow.check.database" -}}
{{- $values := (index . 0).Values }}
{{- $problems := index . 1 }}
{{- $connection := $values.data.metadataConnection }}
{{- $own := eq "false" (toString $values.enableBuiltInSecretEnvVars.AIRFLOW__DATABASE__SQL_ALCHEMY_CONN) }}
{{- $given := or $values.data.metadataSecretName $connection.host }}
{{- include "airflow.check.note" (list $problems (and $values.postgresql.enabled $given)
      "postgresql.enabled: the database is given in data.metadataSecretName or data.metadataConnection.host, and this one would stand idle; set postgresql.enabled: false") }}
{{- include "airflow.check.note" (list $problems (not (or $values.postgresql.enabled $given $own))
      "postgresql.enabled: false leaves Airflow without a database; set data.metadataConnection or data.metadataSecretName") }}
{{- include "airflow.check.note" (list $problems (and $values.data.metadataSecretName $connection.host (not $values.pgbouncer.enabled))
      "data.metadataSecretName and data.metadataConnection: two databases are given, and the secret wins; keep one of the two keys") }}
{{- if $values.pgbouncer.enabled }}
{{- include "airflow.check.note" (list $problems (and (hasPrefix "verify-" $values.pgbouncer.sslmode) (not $values.pgbouncer.ssl.ca) (not $values.pgbouncer.configSecretName) (not (contains "server_tls_ca_file" ($values.pgbouncer.extraIni | default ""))))
      (printf "pgbouncer.sslmode: %s checks a certificate against nothing; give the authority in pgbouncer.ssl.ca" $values.pgbouncer.sslmode)) }}
{{- include "airflow.check.note" (list $problems (ne (empty $values.pgbouncer.ssl.cert) (empty $values.pgbouncer.ssl.key))
      "pgbouncer.ssl: a certificate and its key go together; give both pgbouncer.ssl.cert and pgbouncer.ssl.key, or neither") }}
{{- include "airflow.check.note" (list $problems (not (hasPrefix "postgresql" $connection.protocol))
      (printf "pgbouncer.enabled: PgBouncer speaks to PostgreSQL alone, and data.metadataConnection.protocol is %q; switch it off" $connection.protocol)) }}
{{- include "airflow.check.note" (list $problems (and $values.data.metadataSecretName (not $values.pgbouncer.configSecretName))
      "pgbouncer.enabled: its configuration comes from data.metadataConnection, which data.metadataSecretName replaces; give pgbouncer.configSecretName, or data.metadataConnection") }}
{{- end }}
{{- end }}

{{/* What belongs to Celery without Celery; two executors. */}}
{{- define "airflow.check.celery" -}}
{{- $root := index . 0 }}
{{- $values := $root.Values }}
{{- $problems := index . 1 }}
{{- $executor := get ($values.config.core | default dict) "executor" | default "" | toString }}
{{- include "airflow.check.note" (list $problems (and $executor (not (contains "{{" $executor)) (ne $executor $values.executor))
      (printf "config.core.executor: is %q and executor %q; write it in executor alone" $executor $values.executor)) }}
{{- if include "airflow.executor.celery" $root }}
{{- $others := or (include "airflow.executor.kubernetes" $root) (include "airflow.executor.local" $root) }}
{{- $workers := or $values.workers.enableDefault $values.hybrid.enabled (include "airflow.workers.inSets" $root) }}
{{- include "airflow.check.note" (list $problems (and $values.redis.enabled (not $workers) (not $others))
      "workers.enableDefault: false leaves the Celery executor without workers; name some in workers.celery.sets or zoneWorkers.zones, or set it true") }}
{{- else }}
{{- range $key, $on := dict "flower.enabled" $values.flower.enabled "workers.keda.enabled" $values.workers.keda.enabled "workers.hpa.enabled" $values.workers.hpa.enabled "workers.celery.sets" $values.workers.celery.sets }}
{{- include "airflow.check.note" (list $problems $on
      (printf "%s: the executor %q has no Celery workers; write CeleryExecutor in executor too, or leave the key out" $key $values.executor)) }}
{{- end }}
{{- end }}
{{- end }}

{{/* How many pods there may be, and how many may be away. */}}
{{- define "airflow.check.scaling" -}}
{{- $values := (index . 0).Values }}
{{- $problems := index . 1 }}
{{- range $name := list "apiServer" "webserver" "workers" "triggerer" }}
{{- range $scaler := list "hpa" "keda" }}
{{- with get (get $values $name) $scaler }}
{{- include "airflow.check.note" (list $problems (and .enabled (gt (int .minReplicaCount) (int .maxReplicaCount)))
      (printf "%s.%s.minReplicaCount: %d is more than maxReplicaCount, %d; make it less" $name $scaler (int .minReplicaCount) (int .maxReplicaCount))) }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name := list "apiServer" "pgbouncer" "scheduler" "triggerer" "webserver" "workers" }}
{{- $section := get $values $name }}
{{- $budget := $section.podDisruptionBudget | default dict }}
{{- if $budget.enabled }}
{{- $least := $budget.config.minAvailable }}
{{- $given := not (kindIs "invalid" $least) }}
{{- include "airflow.check.note" (list $problems (and $given (not (kindIs "invalid" $budget.config.maxUnavailable)))
      (printf "%s.podDisruptionBudget.config: has minAvailable and maxUnavailable, and Kubernetes takes one of them; set maxUnavailable: null" $name)) }}
{{- $scaled := or ($section.hpa | default dict).enabled ($section.keda | default dict).enabled }}
{{- $pods := int $section.replicas }}
{{- include "airflow.check.note" (list $problems (and $given (not $scaled) (regexMatch "^[0-9]+$" (toString $least)) (ge (int $least) $pods))
      (printf "%s.podDisruptionBudget.config.minAvailable: of %d pods %s must stay, so that no node could be emptied; have more %s.replicas, or set maxUnavailable: 1" $name $pods (toString $least) $name)) }}
{{- end }}
{{- end }}
{{- end }}

{{/* The version of Airflow in the image, and the one by which templates are chosen. */}}
{{- define "airflow.check.versions" -}}
{{- $root := index . 0 }}
{{- $values := $root.Values }}
{{- $given := $values.images.airflow.tag | default $values.defaultAirflowTag }}
{{- $pattern := "^v?([0-9]+\\.[0-9]+)\\.[0-9]+.*$" }}
{{- if and (ne $given $root.Chart.AppVersion) (regexMatch $pattern $given) (not ($values.images.airflow.digest | default $values.defaultAirflowDigest)) }}
{{- $image := regexReplaceAll $pattern $given "${1}" }}
{{- $said := regexReplaceAll $pattern $values.airflowVersion "${1}" }}
{{- include "airflow.check.note" (list (index . 1) (ne $image $said)
      (printf "airflowVersion: is %s and the image's tag %q; write the version that is in the image" $values.airflowVersion $given)) }}
{{- end }}
{{- end }}

{{/* What has no effect, and hosts that two ways in share. */}}
{{- define "airflow.check.ingress" -}}
{{- $root := index . 0 }}
{{- $values := $root.Values }}
{{- $problems := index . 1 }}
{{- range list
      (list "apiServer" "the API server" "apiServer.enabled, with Airflow 3" (include "airflow.apiServer.enabled" $root))
      (list "flower" "Flower" "flower.enabled, with a Celery executor" (include "airflow.flower.enabled" $root))
      (list "pgbouncer" "PgBouncer" "pgbouncer.enabled" $values.pgbouncer.enabled)
      (list "statsd" "the StatsD exporter" "statsd.enabled" $values.statsd.enabled) }}
{{- include "airflow.check.note" (list $problems (and (get $values.ingress (index . 0)).enabled (not (index . 3)))
      (printf "ingress.%s.enabled: %s is not there; set %s, or switch the ingress off" (index . 0) (index . 1) (index . 2))) }}
{{- end }}
{{- include "airflow.check.note" (list $problems (and $values.ingress.web.enabled (include "airflow.version.three" $root) (not $values.ingress.apiServer.enabled))
      (printf "ingress.web.enabled: Airflow %s has no webserver, so that nothing leads to its pages; write the section ingress.apiServer in its place" $values.airflowVersion)) }}
{{- $places := dict }}
{{- range $name := list "apiServer" "flower" "pgbouncer" "statsd" "web" }}
{{- $ingress := get $values.ingress $name }}
{{- if $ingress.enabled }}
{{- range $host := $ingress.hosts }}
{{- $place := printf "%s%s" (ternary $host ($host | mustToJson | fromJson).name (kindIs "string" $host)) $ingress.path }}
{{- include "airflow.check.note" (list $problems (hasKey $places $place)
      (printf "ingress.%s and ingress.%s: both answer %s; give one of them another host or path" (get $places $place) $name $place)) }}
{{- $_ := set $places $place $name }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Times as cron says them, and claims without a volume. */}}
{{- define "airflow.check.jobs" -}}
{{- $values := (index . 0).Values }}
{{- $problems := index . 1 }}
{{- range $key, $schedule := dict
      "cleanup.schedule" $values.cleanup.schedule "databaseCleanup.schedule" $values.databaseCleanup.schedule
      "platform.resultsCollector.schedule" $values.platform.resultsCollector.schedule "platform.orphans.schedule" $values.platform.orphans.schedule }}
{{- include "airflow.check.note" (list $problems (not (or (contains "{{" $schedule) (regexMatch "^(@[a-z]+|[^ ]+( +[^ ]+){4})$" (trim $schedule))))
      (printf "%s: %q is no time of cron's; write five fields: minute, hour, day, month, day of the week" $key $schedule)) }}
{{- end }}
{{- $manager := get ($values.config.core | default dict) "auth_manager" | default "" | toString }}
{{- include "airflow.check.note" (list $problems (and $values.createUserJob.enabled $values.createUserJob.defaultUser.enabled (regexMatch "(Simple|Keycloak|Aws)AuthManager$" $manager))
      (printf "createUserJob.enabled: config.core.auth_manager %s keeps no users that a command could create; set createUserJob.enabled: false" ($manager | splitList "." | last))) }}
{{- range $name := list "dags" "logs" }}
{{- with (get $values $name).persistence }}
{{- include "airflow.check.note" (list $problems (and .existingClaim (not .enabled))
      (printf "%s.persistence.existingClaim: has no effect; set %s.persistence.enabled: true" $name $name)) }}
{{- end }}
{{- end }}
{{- end }}
