{{/* The entrance for workers outside the cluster: a proxy that ends TLS and passes on the broker and the execution API, and nothing else. */}}

{{/* Argument for all: the root context. */}}
{{- define "airflow.hybrid.name" -}}{{ include "airflow.fullname" . }}-entrance{{ end }}

{{- define "airflow.hybrid.check" -}}
{{- $hybrid := .Values.hybrid }}
{{- $wrong := list }}
{{- if not $hybrid.networks }}
{{- $wrong = append $wrong "hybrid.networks: is empty: name the networks of the workers outside, such as 10.0.0.0/16" }}
{{- end }}
{{- range $hybrid.networks }}
{{- if not (regexMatch "^[0-9a-fA-F:.]+/[0-9]{1,3}$" .) }}
{{- $wrong = append $wrong (printf "hybrid.networks: %q is no network: write it as 10.0.0.0/16" .) }}
{{- end }}
{{- end }}
{{- if not $hybrid.tlsSecretName }}
{{- $wrong = append $wrong "hybrid.tlsSecretName: is empty: name the secret with the entrance's certificate" }}
{{- end }}
{{- if not (or $hybrid.broker.enabled $hybrid.executionApi.enabled) }}
{{- $wrong = append $wrong "hybrid: neither broker nor executionApi is enabled: write hybrid.enabled: false" }}
{{- end }}
{{- if and $hybrid.broker.enabled (not $hybrid.broker.host) }}
{{- if not (include "airflow.redis.enabled" .) }}
{{- $wrong = append $wrong "hybrid.broker.host: is empty, and Redis of this release is off: name the broker" }}
{{- else if not (or .Values.brokerUsers $hybrid.broker.usersSecretName) }}
{{- $wrong = append $wrong "brokerUsers: is empty: workers outside would need the password that opens every queue; give each of their zones a user" }}
{{- end }}
{{- end }}
{{- if and $hybrid.broker.usersSecretName (or $hybrid.broker.host (not (include "airflow.redis.enabled" .))) }}
{{- $wrong = append $wrong "hybrid.broker.usersSecretName: the broker is not Redis of this release, so its users are made elsewhere: remove it" }}
{{- end }}
{{- if $wrong }}{{ fail (printf "\n%s" (join "\n" $wrong)) }}{{ end }}
{{- end }}

{{- define "airflow.hybrid.brokerHost" -}}{{ .Values.hybrid.broker.host | default (printf "%s-redis" (include "airflow.fullname" .)) }}{{ end }}

{{- define "airflow.hybrid.tls" -}}
ssl_certificate /etc/entrance/tls/tls.crt;
ssl_certificate_key /etc/entrance/tls/tls.key;
ssl_protocols TLSv1.2 TLSv1.3;
{{- if .Values.hybrid.clientAuthoritySecretName }}
ssl_client_certificate /etc/entrance/authority/ca.crt;
ssl_verify_client on;
{{- end }}
{{- end }}

{{/* nginx.conf. All that is written goes to /tmp: the rest of the file system is read-only. */}}
{{- define "airflow.hybrid.config" -}}
{{- $hybrid := .Values.hybrid -}}
worker_processes 2;
pid /tmp/nginx.pid;
error_log stderr warn;
events { worker_connections 4096; }
{{- if $hybrid.broker.enabled }}
stream {
  {{- include "airflow.hybrid.tls" . | nindent 2 }}
  server {
    listen {{ $hybrid.broker.port }} ssl;
    proxy_pass {{ include "airflow.hybrid.brokerHost" . }}:{{ $hybrid.broker.upstreamPort }};
    proxy_connect_timeout 5s;
    proxy_socket_keepalive on;
    # A worker without work sends nothing for long.
    proxy_timeout 12h;
  }
}
{{- end }}
http {
  access_log off;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  server_tokens off;
  server {
    listen 8080;
    location = /health { return 204; }
    location / { return 404; }
  }
  {{- if $hybrid.executionApi.enabled }}
  {{- include "airflow.hybrid.tls" . | nindent 2 }}
  server {
    listen {{ $hybrid.executionApi.port }} ssl;
    client_max_body_size 16m;
    location /execution/ {
      # The path is passed on as it was spelt, while this location goes by what it means.
      if ($request_uri !~ "^/execution/") { return 404; }
      proxy_pass http://{{ include "airflow.fullname" . }}-api-server:{{ .Values.ports.apiServer }};
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-Proto https;
      proxy_read_timeout 120s;
    }
    location / { return 404; }
  }
  {{- end }}
}
{{- end }}

{{/* Ports of the entrance: name and number. */}}
{{- define "airflow.hybrid.ports" -}}
{{- if .Values.hybrid.broker.enabled }}
- {name: broker, port: {{ .Values.hybrid.broker.port }}}
{{- end }}
{{- if .Values.hybrid.executionApi.enabled }}
- {name: execution-api, port: {{ .Values.hybrid.executionApi.port }}}
{{- end }}
{{- end }}
