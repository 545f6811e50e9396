namespace LongContext.Generation.Scheduling;

/// <summary>What an engine has done so far; written by its thread, read by all.</summary>
internal sealed class EngineCounters
{
    public long Completed, Cancelled, Failed, Steps, PromptTokens, ReusedTokens, ComputedTokens, GeneratedTokens, GuessedTokens, AcceptedTokens, DraftedTokens, AcceptedDraftTokens;
}
