namespace LongContext.Evaluation.Tasks.Needles;

/// <summary>Several needles spread from a depth to the end of a long text, and one question about all of them. The score is the share that was found.</summary>
/// <remarks>The multi-needle test of gkamradt/LLMTest_NeedleInAHaystack 7b90d28, scored by key phrases.</remarks>
public sealed class MultiNeedleTask : NeedleTestTask
{
    /// <summary>Makes a task.</summary>
    /// <param name="options">The grid, needles and question. Default: five needles of the library's own.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public MultiNeedleTask(MultiNeedleTaskOptions? options = null)
        : base(Plan(options ?? new MultiNeedleTaskOptions()))
    {
    }

    private static NeedlePlan Plan(MultiNeedleTaskOptions options)
    {
        options.Validate();
        return new NeedlePlan
        {
            Name = options.Name,
            Lengths = [.. options.Lengths],
            Depths = [.. options.Depths],
            ItemsPerCell = options.ItemsPerCell,
            HaystackFiles = options.Haystack,
            Needles = [.. options.Needles.Select(needle => needle.Text)],
            Question = options.Question,
            Instruction = options.Instruction,
            System = options.System,
            Answer = string.Join(' ', options.Needles.Select(needle => needle.Text.Trim())),
            KeyPhrases = [.. options.Needles.Select(needle => needle.KeyPhrase)],
            Scoring = NeedleScoring.KeyPhrases,
            Judge = options.Judge,
            JudgeIdentity = options.JudgeIdentity,
            MaximumNewTokens = options.MaximumNewTokens,
            TemplateTokens = options.TemplateTokens,
            Seed = options.Seed,
        };
    }
}
