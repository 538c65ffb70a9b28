"""Stands in the place of the roles where only the stamp of a host and the login that it is given are of interest."""

from __future__ import annotations

TASKS = """\
    - name: Keep the login
      ansible.builtin.copy: {content: "{{ airflow_worker_wrapped_login }}", dest: "{{ login }}", mode: "0600"}
      when: airflow_worker_wrapped_login | length > 0
    - name: Stamp the host
      aerodrome_state:
        action: write
        environment: "{{ aerodrome_environment }}"
        host: "{{ aerodrome_host }}"
        zone: "{{ aerodrome_zone }}"
        digest: "{{ aerodrome_state_digest }}"
        parts: "{{ aerodrome_parts }}"
        path: "{{ aerodrome_state_path }}"
"""
PLAY = "- hosts: all\n  gather_facts: false\n  tasks:\n"
FAILS = """\
    - name: Stop here
      ansible.builtin.fail: {msg: No space left on device}
      when: broken | default(false)
"""
