namespace LongContext.Evaluation;

/// <summary>The tables that a report has as comma-separated values.</summary>
public enum ReportTable
{
    /// <summary>
    /// A row for each item: model, strategy, task, item, status, score, group, length, depth, requests, truncated, input_tokens, output_tokens, seconds,
    /// cost, answer, judged, references (a JSON array), fault, prompt_characters, finish_reason, then a column for each further measure (detail.NAME) and property (property.NAME). Prompts are
    /// not in it: they do not fit into a spreadsheet's cells.
    /// </summary>
    Items,

    /// <summary>
    /// A row for each model, strategy and task: scored, too_long, failed, not_asked, mean, the interval's ends and level, lower_is_better, tokens, seconds,
    /// cost, deviations (from what is published under the task's name), not_made, not_judged, cut_by_length, empty, then a
    /// column for each of the tasks' official figures (figure.NAME).
    /// </summary>
    Summaries,
}
