{{/*
Users of Redis, one for each trust zone: each sees the keys of its own queues and may send only what Celery needs. Nothing is printed while brokerUsers is empty.
The file is read before the options of the command line, which give the default user its password.
*/}}

{{/* Argument: the root context. */}}
{{- define "airflow.broker.usersName" -}}{{ include "airflow.fullname" . }}-broker-users{{ end }}

{{/* The Secret with the users of hosts, which need not be there; empty where no host comes in. */}}
{{- define "airflow.broker.hostUsers" -}}
{{- if and .Values.hybrid.enabled .Values.hybrid.broker.enabled }}{{ .Values.hybrid.broker.usersSecretName }}{{ end }}
{{- end }}

{{/* Arguments of redis-server that come first. A pattern that nothing matches includes nothing, since Redis 7.0. */}}
{{- define "airflow.broker.arguments" -}}
{{- $first := list }}
{{- if .Values.brokerUsers }}{{ $first = append $first "/etc/redis/users.conf" }}{{ end }}
{{- if include "airflow.broker.hostUsers" . }}{{ $first = concat $first (list "--include" "/etc/redis-hosts/*.conf") }}{{ end }}
{{- toJson $first }}
{{- end }}

{{- define "airflow.broker.mounts" -}}
{{- if .Values.brokerUsers }}
- name: broker-users
  mountPath: /etc/redis
  readOnly: true
{{- end }}
{{- if include "airflow.broker.hostUsers" . }}
- name: host-users
  mountPath: /etc/redis-hosts
  readOnly: true
{{- end }}
{{- end }}

{{- define "airflow.broker.volumes" -}}
{{- if .Values.brokerUsers }}
- name: broker-users
  secret:
    secretName: {{ include "airflow.broker.usersName" . }}
{{- end }}
{{- with include "airflow.broker.hostUsers" . }}
- name: host-users
  secret:
    secretName: {{ . }}
    optional: true
{{- end }}
{{- end }}

{{/* Fails where a user cannot be one: what is written into Redis' configuration is checked to the letter. Argument: the root context. */}}
{{- define "airflow.broker.check" -}}
{{- $wrong := list }}
{{- if not (include "airflow.redis.enabled" .) }}
{{- $wrong = append $wrong "brokerUsers: Redis of this release is off, so its users are made elsewhere: remove brokerUsers, or write redis.enabled: true" }}
{{- end }}
{{- range $zone, $user := .Values.brokerUsers }}
{{- if not (regexMatch "^[a-z][a-z0-9_-]{0,40}$" $zone) }}
{{- $wrong = append $wrong (printf "brokerUsers.%s: use lower-case letters, digits, '_' and '-', a letter first" $zone) }}
{{- end }}
{{- if not (regexMatch "^[0-9a-f]{64}$" (toString $user.passwordSha256)) }}
{{- $wrong = append $wrong (printf "brokerUsers.%s.passwordSha256: must be 64 hexadecimal digits in lower case, as sha256sum prints them" $zone) }}
{{- end }}
{{- if not $user.queues }}
{{- $wrong = append $wrong (printf "brokerUsers.%s.queues: is empty: name the queues that the zone's workers serve" $zone) }}
{{- end }}
{{- range $user.queues }}
{{- if not (regexMatch "^[A-Za-z0-9_.-]+$" .) }}
{{- $wrong = append $wrong (printf "brokerUsers.%s.queues: %q is no name of a queue" $zone .) }}
{{- end }}
{{- end }}
{{- end }}
{{- if $wrong }}{{ fail (printf "\n%s" (join "\n" $wrong)) }}{{ end }}
{{- end }}

{{/* Lines of redis.conf. Priorities of one queue are lists of their own: kombu adds a separator and the priority. Argument: the root context. */}}
{{- define "airflow.broker.users" -}}
{{- range $zone, $user := .Values.brokerUsers }}
{{- $set := $zone | replace "_" "-" }}
{{- $keys := list (printf "~unacked.%s" $set) (printf "~unacked_index.%s" $set) (printf "~unacked_mutex.%s" $set) "~celery-task-meta-*" }}
{{- range $queue := $user.queues }}
{{- $keys = concat $keys (list (printf "~%s" $queue) (printf "~_kombu.binding.%s" $queue) (printf "~_kombu.binding_permanent.%s" $queue)) }}
{{- range list "3" "6" "9" }}{{ $keys = append $keys (printf "\"~%s\\x06\\x16%s\"" $queue .) }}{{ end }}
{{- end }}
user aerodrome-{{ $zone }} on #{{ $user.passwordSha256 }} {{ join " " $keys }} resetchannels &celery-task-meta-* &/0.celeryev/* {{ include "airflow.broker.commands" nil }}
{{- end }}
{{- end }}

{{/* No KEYS, SCAN, MONITOR, SUBSCRIBE, FLUSHDB, CONFIG and no scripts: one that never ends would hold up everybody. Nothing that came after Redis 7.0, which
does not start with the name of a command that it does not know; clients do without client|setinfo. */}}
{{- define "airflow.broker.commands" -}}
-@all +ping +hello +auth +select +client|setname +client|id +multi +exec +discard +watch +unwatch +brpop +lpush +rpush +llen +sadd +smembers +hset +hget +hdel +zadd +zrem +zrange +zrevrangebyscore +set +setex +get +mget +del +expire +publish
{{- end }}
