{{/* What is refused of keys that the official chart does not have: DAG processors by bundle, telemetry. Arguments as in _checks.tpl. */}}

{{/* Which DAG processor reads which bundle. */}}
{{- define "airflow.check.bundles" -}}
{{- $root := index . 0 }}
{{- $problems := index . 1 }}
{{- $section := $root.Values.dagProcessor }}
{{- $readers := dict }}
{{- range $name, $entry := $section.bundles }}
{{- include "airflow.check.note" (list $problems (not (regexMatch "^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$" $name))
      (printf "dagProcessor.bundles.%s: its Deployment cannot be called so; use lower-case letters, digits and '-', and write the bundle in names" $name)) }}
{{- range ($entry | default dict).names | default (list $name) }}
{{- include "airflow.check.note" (list $problems (hasKey $readers .)
      (printf "dagProcessor.bundles: %s and %s both read the bundle %q; take it out of one" (get $readers .) $name .)) }}
{{- $_ := set $readers . $name }}
{{- end }}
{{- end }}
{{- if $section.bundles }}
{{- include "airflow.check.note" (list $problems (not (include "airflow.dagProcessor.enabled" $root))
      "dagProcessor.bundles: there is no DAG processor; leave dagProcessor.enabled out, or bundles") }}
{{- include "airflow.check.note" (list $problems (not (include "airflow.version.three" $root))
      (printf "dagProcessor.bundles: Airflow %s has no DAG bundles; leave them out" $root.Values.airflowVersion)) }}
{{- range $tenant, $entry := $root.Values.tenants }}
{{- with (($entry | default dict).dagProcessor | default dict).bundle }}{{ $_ := set $readers . (printf "tenants.%s" $tenant) }}{{ end }}
{{- end }}
{{- $text := get ($root.Values.config.dag_processor | default dict) "dag_bundle_config_list" | default "" | toString }}
{{- if and $text (not (contains "{{" $text)) }}
{{- $known := list }}
{{- range $text | fromJsonArray }}{{ if kindIs "map" . }}{{ $known = append $known .name }}{{ end }}{{ end }}
{{- range $known }}
{{- include "airflow.check.note" (list $problems (not (hasKey $readers .))
      (printf "dagProcessor.bundles: nobody reads the bundle %q of config.dag_processor.dag_bundle_config_list; write it in names of an entry" .)) }}
{{- end }}
{{- range $bundle := keys $readers | sortAlpha }}
{{- include "airflow.check.note" (list $problems (not (has $bundle $known))
      (printf "dagProcessor.bundles: config.dag_processor.dag_bundle_config_list has no bundle %q; it has %s" $bundle (join ", " $known))) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* What is watched, and whether it is sent at all. */}}
{{- define "airflow.check.telemetry" -}}
{{- $values := (index . 0).Values }}
{{- $problems := index . 1 }}
{{- $telemetry := $values.telemetry }}
{{- $otel := $telemetry.openTelemetry }}
{{- $metrics := $values.config.metrics | default dict }}
{{- include "airflow.check.note" (list $problems (and $otel.metrics $values.statsd.enabled)
      "telemetry.openTelemetry.metrics and statsd.enabled: Airflow sends metrics one way, and StatsD wins; switch one off") }}
{{- include "airflow.check.note" (list $problems (and (or $otel.metrics $otel.traces) (not $otel.endpoint))
      "telemetry.openTelemetry.endpoint: is empty; write the address of the collector, such as http://collector.observability:4318") }}
{{- include "airflow.check.note" (list $problems (and (or $otel.metrics $otel.traces) (not (include "airflow.version.atLeast" (list (index . 0) "3.2.0"))))
      (printf "telemetry.openTelemetry: Airflow %s does not read these settings; write config.metrics and config.traces" $values.airflowVersion)) }}
{{- include "airflow.check.note" (list $problems (and $values.statsd.overrideMappings $values.statsd.extraMappings)
      "statsd.extraMappings: statsd.overrideMappings replaces all rules, these too; write them into statsd.overrideMappings") }}
{{- range $key := list "rules" "dashboard" }}
{{- if (get $telemetry $key).enabled }}
{{- include "airflow.check.note" (list $problems (not $values.statsd.enabled)
      (printf "telemetry.%s.enabled: stands on metrics of the StatsD exporter; set statsd.enabled: true" $key)) }}
{{- include "airflow.check.note" (list $problems (eq "false" (get $metrics "legacy_names_on" | toString | lower))
      (printf "telemetry.%s.enabled: tenants and queues are read from names that config.metrics.legacy_names_on: False leaves out; take it out" $key)) }}
{{- include "airflow.check.note" (list $problems (empty (trim $telemetry.rules.matchers))
      (printf "telemetry.rules.matchers: is empty, so that telemetry.%s would count all releases together; write namespace=\"...\"" $key)) }}
{{- end }}
{{- end }}
{{- include "airflow.check.note" (list $problems (and (has $telemetry.scrape (list "serviceMonitor" "podMonitor")) (not $values.statsd.enabled) (not $values.pgbouncer.enabled))
      (printf "telemetry.scrape: %s finds nothing, since statsd.enabled and pgbouncer.enabled are false; write none" $telemetry.scrape)) }}
{{- if $telemetry.rules.disabled }}
{{- $alerts := list }}
{{- range ((index . 0).Files.Get "files/telemetry/alerts.yml" | fromYaml).groups }}
{{- range .rules }}{{ $alerts = append $alerts .alert }}{{ end }}
{{- end }}
{{- range $telemetry.rules.disabled }}
{{- include "airflow.check.note" (list $problems (not (has . $alerts))
      (printf "telemetry.rules.disabled: there is no alert %s; nearest to it is %s" . (include "airflow.check.nearest" (list . $alerts)))) }}
{{- end }}
{{- end }}
{{- end }}
