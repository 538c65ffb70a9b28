{{/* Disruption budgets. */}}

{{/*
PodDisruptionBudget of a component.
Argument: dict root, component, values (holds podDisruptionBudget and labels); and where wanted name, extraLabels, without (a label that pods
may not have: Kubernetes evicts no pod that two budgets hold).
*/}}
{{- define "airflow.disruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "airflow.metadata" (dict
        "root" .root
        "name" (printf "%s-pdb" (.name | default (printf "%s-%s" (include "airflow.fullname" .root) .component)))
        "component" .component "labels" .values.labels) | nindent 2 }}
spec:
  selector:
    matchLabels:
      {{- include "airflow.selectorLabels" . | nindent 6 }}
  {{- with .without }}
    matchExpressions:
      - {key: {{ . }}, operator: DoesNotExist}
  {{- end }}
  {{- toYaml .values.podDisruptionBudget.config | nindent 2 }}
{{- end }}
