namespace LongContext.Training.Evaluations;

/// <summary>After which steps evaluations are due. Pure.</summary>
internal static class EvaluationSchedule
{
    /// <summary>Whether they are due after a step: at every multiple, at the last step, and before the first when asked.</summary>
    public static bool IsDue(TrainerOptions options, int stepsDone, int totalSteps)
    {
        if (options.Evaluations.Count == 0) return false;
        if (stepsDone == 0) return options.EvaluateAtStart;
        return stepsDone == totalSteps || (options.EvaluateEverySteps is { } every && stepsDone % every == 0);
    }
}
