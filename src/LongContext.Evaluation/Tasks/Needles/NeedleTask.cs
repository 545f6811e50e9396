namespace LongContext.Evaluation.Tasks.Needles;

/// <summary>The needle test: a sentence hidden in a long text at each depth and length of a grid, and a question about it.</summary>
/// <remarks>
/// <para>gkamradt/LLMTest_NeedleInAHaystack 7b90d28 (grid, placing at a full stop, system message, question's wording, 300 tokens of an answer); LongAlign's grid is in
/// <see cref="NeedleGrid"/>.</para>
/// <para>Three things differ. There the text alone is cut to 200 tokens less than the length; here prompt, answer and template together have at most the length. There text and question are
/// two messages of the user's one after the other; here they are one with a blank line between, as the chat templates of many models refuse two. There a model rates answers; here they
/// are searched for key phrases unless there is a <see cref="NeedleTestOptions.Judge"/>.</para>
/// </remarks>
/// <param name="options">The grid, needle and question. Default: the needle test's grid with a needle of the library's own.</param>
/// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
/// <exception cref="FileNotFoundException">There is no such file.</exception>
public sealed class NeedleTask(NeedleTaskOptions? options = null) : NeedleTestTask(options ?? new NeedleTaskOptions());
