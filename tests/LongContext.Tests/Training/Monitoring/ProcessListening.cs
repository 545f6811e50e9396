namespace LongContext.Tests.Training.Monitoring;

/// <summary>Tests that listen to the whole process's metrics and spans, so no other run may be under way.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ProcessListening
{
    public const string Name = "Process listening";
}
