namespace LongContext.Evaluation.Tasks.Needles;

/// <summary>The needle test: a sentence hidden in a long text at each depth and length of a grid, and a question about it.</summary>
/// <remarks>
/// gkamradt/LLMTest_NeedleInAHaystack 7b90d28 (grid, placing at a full stop, system message); LongAlign's grid is in <see cref="NeedleGrid"/>. There the text alone is cut
/// to 200 tokens less than the length; here prompt, answer and template together have at most the length.
/// </remarks>
public sealed class NeedleTask : NeedleTestTask
{
    /// <summary>Makes a task.</summary>
    /// <param name="options">The grid, needle and question. Default: the needle test's grid with a needle of the library's own.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public NeedleTask(NeedleTaskOptions? options = null)
        : base(Plan(options ?? new NeedleTaskOptions()))
    {
    }

    private static NeedlePlan Plan(NeedleTaskOptions options)
    {
        options.Validate();
        return new NeedlePlan
        {
            Name = options.Name,
            Lengths = [.. options.Lengths],
            Depths = [.. options.Depths],
            ItemsPerCell = options.ItemsPerCell,
            HaystackFiles = options.Haystack,
            Needles = [options.Needle],
            Question = options.Question,
            Instruction = options.Instruction,
            System = options.System,
            Answer = options.Answer ?? options.Needle.Trim(),
            KeyPhrases = [.. options.KeyPhrases],
            Scoring = options.Scoring,
            Judge = options.Judge,
            JudgeIdentity = options.JudgeIdentity,
            MaximumNewTokens = options.MaximumNewTokens,
            TemplateTokens = options.TemplateTokens,
            Seed = options.Seed,
        };
    }
}
