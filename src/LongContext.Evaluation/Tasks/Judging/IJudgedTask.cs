namespace LongContext.Evaluation.Tasks.Judging;

/// <summary>A task whose answers are rated by models.</summary>
internal interface IJudgedTask
{
    /// <summary>Who rates.</summary>
    IReadOnlyList<Judge> Judges { get; }
}
