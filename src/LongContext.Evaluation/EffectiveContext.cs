using LongContext.Evaluation.Runs;
using LongContext.Evaluation.Tasks;
using Microsoft.Extensions.AI;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation;

/// <summary>Finds the length up to which a model is reliable, which is seldom the length it accepts.</summary>
/// <remarks>
/// <para>
/// RULER (Hsieh et al. 2024, arXiv 2404.06654) calls effective the longest of its lengths at which the mean over its tasks is above 85.6. Here the length is looked for: a few lengths are
/// measured over the whole range, then the gap between the last that passes and the first that fails is halved until it is as narrow as the resolution. For each task by itself, and
/// for the mean over the tasks.
/// </para>
/// <para>
/// At one length items are asked until their scores say that the model's mean is above or below the threshold (<see cref="LengthVerdict"/>), by a test that may be looked at after every
/// item. Its level is divided by the number of lengths, so that all verdicts of a search, and thus the bracket, hold together with the confidence asked for. A length that stays undecided
/// decides the way of the search by its mean, but lies inside the bracket.
/// </para>
/// <para>
/// An item that failed (no answer after all tries, an answer that nobody could score) is neither right nor wrong, and is not left out either: what fails may well be what is hard. The
/// verdicts count it as wrong where they say "above", and as right where they say "below", so that they hold whatever it would have scored; means are of the items that were
/// scored. After a batch in which every item failed no more is asked at that length, which then stays undecided; one without any score is taken for failing as to where to look
/// next, and is no bound of the bracket. A length that has no items at all, such as one shorter than the question, neither passes nor fails. Items that do not fit into the model count 0.
/// </para>
/// </remarks>
public static class EffectiveContext
{
    /// <summary>Finds it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">The tasks, the threshold, how exact. Default: RULER's thirteen tasks at its threshold.</param>
    /// <param name="progress">Told after each batch of items.</param>
    /// <param name="cancellationToken">Ends the search; with a folder it goes on where it ended.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or the longest length is not known.</exception>
    /// <exception cref="EvaluationRunException">No item of any length could be scored, or the folder cannot be used.</exception>
    public static async Task<EffectiveContextResult> FindAsync(
        EvaluationModel model, EffectiveContextOptions? options = null, IProgress<EffectiveContextProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        options ??= new EffectiveContextOptions();
        options.Validate();
        options.Run.Validate();
        IReadOnlyList<EvaluationTask> tasks = options.Tasks ?? options.DefaultTasks();
        // What items leave free for a template and what the model's clients reserve for it is the same room.
        int taken = tasks.Max(task => Math.Max(0, model.TemplateTokens - ((ISizedTask)task).TemplateTokens));
        int longest = options.MaximumLength ?? (model.ContextLength - taken)
            ?? throw new ArgumentException(
                $"{nameof(EffectiveContextOptions)}: {nameof(options.MaximumLength)} is null, and the model does not say how long its window is; expected one of both.",
                nameof(options));
        if (longest <= options.MinimumLength)
        {
            throw new ArgumentException(
                $"{nameof(EffectiveContextOptions)}: {nameof(options.MinimumLength)} is {options.MinimumLength}, expected less than the longest length, {longest}.", nameof(options));
        }

        DateTimeOffset began = options.Run.TimeProvider.GetUtcNow();
        using RunEngine engine = new(options.Run, cancellationToken);
        EffectiveContextResult result = await new EffectiveContextRun(model, options, tasks, engine, longest, progress, cancellationToken).RunAsync().ConfigureAwait(false);
        return result with { Began = began, Notes = [.. result.Notes, .. TaskDeviations.Notes(tasks), .. JudgeNotes.Of([model], tasks), .. tasks.SelectMany(task => task.Notes)] };
    }

    /// <summary>Finds it for a client.</summary>
    /// <remarks>
    /// A client that hands out its own <see cref="EvaluationModel"/> (<see cref="IChatClient.GetService"/>), as this library's does, is measured with that one's identity, window and settings, and
    /// the tokenizer given here.
    /// </remarks>
    /// <param name="client">How the model is asked; its metadata name it where they can.</param>
    /// <param name="tokenizer">The model's tokenizer, or one that is close.</param>
    /// <param name="options">The tasks, the threshold, how exact; <see cref="EffectiveContextOptions.MaximumLength"/> must be set unless the client knows its window.</param>
    /// <param name="progress">Told after each batch of items.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or there is a folder and the client does not name its model.</exception>
    /// <exception cref="EvaluationRunException">No item of any length could be scored, or the folder cannot be used.</exception>
    public static Task<EffectiveContextResult> FindAsync(
        IChatClient client, Tokenizer tokenizer, EffectiveContextOptions options, IProgress<EffectiveContextProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(options);
        // Wrappers hand out what is inside them, but are to be asked themselves.
        if (client.GetService(typeof(EvaluationModel)) is EvaluationModel known) return FindAsync(known with { Client = client, Tokenizer = tokenizer }, options, progress, cancellationToken);
        string? name = (client.GetService(typeof(ChatClientMetadata)) as ChatClientMetadata)?.DefaultModelId;
        if (string.IsNullOrEmpty(name) && options.Run?.Folder is not null)
        {
            // Two models that nobody can tell apart would get each other's answers.
            throw new ArgumentException(
                $"{nameof(EffectiveContextOptions)}: {nameof(options.Run)}.{nameof(EvaluationRunOptions.Folder)} is set, but the client does not say which model it asks "
                + $"({nameof(ChatClientMetadata)}.{nameof(ChatClientMetadata.DefaultModelId)}), by which kept answers are told apart: "
                + $"give an {nameof(EvaluationModel)} with a {nameof(EvaluationModel.Name)} and an {nameof(EvaluationModel.Identity)} instead of the client.",
                nameof(options));
        }

        return FindAsync(new EvaluationModel { Name = string.IsNullOrEmpty(name) ? "model" : name, Client = client, Tokenizer = tokenizer }, options, progress, cancellationToken);
    }
}
