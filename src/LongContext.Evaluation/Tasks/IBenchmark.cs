namespace LongContext.Evaluation.Tasks;

/// <summary>What several tasks belong to that state something together, such as averages over them.</summary>
public interface IBenchmark
{
    /// <summary>Its table in a report; called once for each run that has one of its tasks.</summary>
    /// <param name="report">The report of the run, other tasks included; those are passed over.</param>
    /// <returns>The table, or null where there is nothing to state.</returns>
    ReportSection? Summarize(EvaluationReport report);
}
