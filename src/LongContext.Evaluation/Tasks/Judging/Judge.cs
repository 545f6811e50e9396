using System.Globalization;
using LongContext.Evaluation.Tasks.Records;

namespace LongContext.Evaluation.Tasks.Judging;

/// <summary>A model that rates answers.</summary>
/// <remarks>
/// Models prefer answers like their own, long ones, and what they read last or first (Zheng et al. 2023, arXiv:2306.05685): take several judges of different
/// makers, and look at their agreement (<see cref="JudgeAgreement"/>).
/// </remarks>
public sealed class Judge
{
    private const int FewestNewTokens = 256; // of a reply that says why before it rates

    private readonly JudgeOptions options;

    /// <summary>Makes a judge.</summary>
    /// <param name="model">The model that is asked. Its name is the judge's.</param>
    /// <param name="prompt">What it is asked. Default: <see cref="JudgePrompt.Default"/>.</param>
    /// <param name="options">How it is asked and read. Default: that of <see cref="JudgeOptions"/>.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    public Judge(EvaluationModel model, JudgePrompt? prompt = null, JudgeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        Model = model;
        Prompt = prompt ?? JudgePrompt.Default;
        this.options = options ?? new JudgeOptions();
        this.options.Validate();
    }

    /// <summary>The model.</summary>
    public EvaluationModel Model { get; }

    /// <summary>Its name: the model's.</summary>
    public string Name => Model.Name;

    /// <summary>What it is asked.</summary>
    public JudgePrompt Prompt { get; }

    /// <summary>The highest rating it can give.</summary>
    public double HighestRating => options.HighestRating;

    /// <summary>Everything that decides its ratings: part of the identity of a task that asks it.</summary>
    public string Identity => string.Create(
        CultureInfo.InvariantCulture,
        $"{Name} '{Model.FindIdentity()}', {options.LowestRating} to {options.HighestRating}, {options.Attempts} attempts, {options.MaximumNewTokens} tokens, temperature {options.Temperature}, {new ContentHash().Add(Prompt.Text).Add(Prompt.System).Add(Prompt.ExampleText)}");

    /// <summary>
    /// Has an answer rated: the rating is the first number inside the last [[...]] of the reply. Where there is none, or one that is not on the scale, the judge is
    /// asked again, up to <see cref="JudgeOptions.Attempts"/> times.
    /// </summary>
    /// <param name="session">The way to the model.</param>
    /// <param name="question">The question.</param>
    /// <param name="answer">The answer to rate.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The verdict. It has no rating where none could be read or the prompt does not fit into the judge.</returns>
    /// <exception cref="ArgumentException">The prompt has places for another number of rated answers.</exception>
    public async ValueTask<JudgeVerdict> JudgeAsync(IModelSession session, JudgeQuestion question, string answer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(session);
        EvaluationPrompt prompt = Prompt.Fill(question, answer);
        int newTokens = NewTokens(prompt);
        string? reply = null;
        for (int attempt = 0; attempt < options.Attempts; attempt++)
        {
            AnswerSettings settings = new() { MaximumNewTokens = newTokens, Temperature = options.Temperature, Attempt = attempt };
            try
            {
                reply = (await session.AskOtherAsync(Model, prompt, settings, cancellationToken).ConfigureAwait(false)).Text;
            }
            catch (PromptTooLongException fault)
            {
                // The judge's window says nothing about the model's.
                return Unrated(null, attempt, fault.Message);
            }

            if (JudgeRating.Read(reply) is { } rating && rating >= options.LowestRating && rating <= options.HighestRating)
                return new JudgeVerdict { Judge = Name, Rating = rating, Score = rating / options.HighestRating, Reply = reply, Attempts = attempt + 1 };
        }

        return Unrated(reply, options.Attempts, string.Create(
            CultureInfo.InvariantCulture, $"{options.Attempts} replies have no rating from {options.LowestRating} to {options.HighestRating} in double brackets"));
    }

    /// <summary>
    /// Has the answer to an item rated against the item's first right answer, for tasks that take a function for a judge. The question is what the prompt is
    /// searched for, or what stands after its context.
    /// </summary>
    /// <param name="item">The item.</param>
    /// <param name="answer">What the model said.</param>
    /// <param name="session">The way to the judge.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The score: the rating over the highest there is.</returns>
    /// <exception cref="InvalidOperationException">The judge gave no rating, or could not be asked.</exception>
    public async ValueTask<ItemScore> ScoreAsync(EvaluationItem item, string answer, IModelSession session, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(item);
        JudgeQuestion question = new() { Question = item.Prompt.Query ?? item.Prompt.After, Reference = item.Answer };
        return await JudgePanel.ScoreAsync([this], session, question, answer, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What the window leaves, where that is enough for a rating: a server without a limit does the same.</summary>
    private int NewTokens(EvaluationPrompt prompt)
    {
        if (Model.ContextLength is not { } window) return options.MaximumNewTokens;
        int room = window - Model.TemplateTokens - Model.Tokenizer.CountTokens(prompt.Text) - (prompt.System is { } system ? Model.Tokenizer.CountTokens(system) : 0);
        return room < FewestNewTokens ? options.MaximumNewTokens : Math.Min(options.MaximumNewTokens, room);
    }

    private JudgeVerdict Unrated(string? reply, int attempts, string fault) => new() { Judge = Name, Rating = null, Score = null, Reply = reply, Attempts = attempts, Fault = fault };
}
