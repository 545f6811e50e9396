namespace LongContext.Generation.Running;

/// <summary>What a step must be for any runner.</summary>
internal static class StepChecks
{
    /// <exception cref="ArgumentException">There are more tokens than a step may have.</exception>
    public static void Check(StepBatch batch, int maximumTokens)
    {
        if (batch.TokenCount > maximumTokens)
            throw new ArgumentException($"The step has {batch.TokenCount} tokens, but the runner takes {maximumTokens} at most.", nameof(batch));
    }
}
