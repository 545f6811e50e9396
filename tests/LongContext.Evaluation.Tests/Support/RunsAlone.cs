namespace LongContext.Evaluation.Support;

/// <summary>Tests that let a clock pass while nobody works (<see cref="FakeTime.PassUntilAsync"/>): only beside no others can that be seen.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public static class RunsAlone
{
    public const string Name = "runs alone";
}
