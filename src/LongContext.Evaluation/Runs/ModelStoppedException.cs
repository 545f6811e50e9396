namespace LongContext.Evaluation.Runs;

/// <summary>A request that was not made because its model failed too often.</summary>
internal sealed class ModelStoppedException(string message) : Exception(message);
