using LongContext.Evaluation;
using LongContext.Generation.Scheduling;
using LongContext.Positions;

namespace LongContext.Generation;

/// <summary>How long the requests of a chat client may be: whether a prompt fits, and where its answer ends.</summary>
/// <param name="generation">How tokens are chosen where a request does not say.</param>
/// <param name="answerEnd">Tokens of prompt and answer at which an answer ends that nobody gave a length, <see cref="Rest"/> for none in particular; null for the options' own length.</param>
/// <param name="contextLength">Tokens of prompt and answer; null for no limit.</param>
/// <param name="isStated">Whether the client's options state that length, so that it holds whatever the positions are.</param>
internal sealed class ChatLengths(GenerationOptions generation, int? answerEnd, int? contextLength, bool isStated)
{
    /// <summary>As a length: what window and memory leave.</summary>
    public const int Rest = int.MaxValue;

    /// <summary>Tokens of an answer whose length is given, or nobody gave, with nothing to cut it but who stands before the client.</summary>
    /// <param name="prompt">Tokens of the prompt.</param>
    /// <param name="asked">What is asked for.</param>
    public int Answer(int prompt, ChatRequestOptions asked) =>
        Math.Min(asked.Length ?? (answerEnd is { } end ? end == Rest ? Rest : Math.Max(1, end - prompt) : generation.MaximumNewTokens), asked.LengthLimit ?? Rest);

    /// <summary>Whether a prompt and its answer fit.</summary>
    /// <param name="prompt">Tokens of the prompt, after it was cut.</param>
    /// <param name="asked">What is asked for.</param>
    /// <param name="ofModel">How the model's positions are remapped where a request does not say; null for not at all.</param>
    /// <param name="generator">Knows the memory.</param>
    public GenerationFit Of(int prompt, ChatRequestOptions asked, PositionRemapping? ofModel, ITokenGenerator generator)
    {
        bool isBounded = IsBounded(asked);
        int? window = isBounded ? null : WindowWith(asked.PositionRemapping ?? ofModel);
        // Where only the prompt is asked about, there is no answer.
        int least = LeastOf(asked), most = Answer(prompt, asked);
        bool isOpen = asked.Length is null or Rest;
        if (window is { } end && most > end - prompt) most = Math.Max(least, end - prompt);
        // Of a prompt that fills the memory by itself, the figures say so, with the least answer there is.
        if (isOpen && !isBounded && (generator.Room(prompt, least, asked.Dropping)?.MaximumTokens ?? generator.MaximumTokens) is { } held && most > held - prompt) most = Math.Max(least, held - prompt);
        // Where neither has an end, an answer must have one all the same.
        if (most == Rest) most = contextLength ?? generation.MaximumNewTokens;
        CacheRoom? room = generator.Room(prompt, most, asked.Dropping);
        return new GenerationFit
        {
            PromptTokens = prompt,
            NewTokens = most,
            WindowTokens = window,
            FitsWindow = window is null || (long)prompt + least <= window,
            CacheTokens = room?.MaximumTokens,
            RequiredBytes = room?.RequiredBytes ?? 0,
            CapacityBytes = room?.CapacityBytes ?? 0,
            FitsCache = room is not { Fits: false },
        };
    }

    /// <summary>
    /// Tokens that a prompt is cut to so that it and its answer fit into the window; <see cref="Rest"/> where it fits as it is. As many are left to the answer as it may have, where that leaves something of the prompt, else one.
    /// </summary>
    /// <param name="prompt">Tokens of the prompt.</param>
    /// <param name="asked">What is asked for.</param>
    /// <param name="ofModel">How the model's positions are remapped where a request does not say; null for not at all.</param>
    public int LongestPrompt(int prompt, ChatRequestOptions asked, PositionRemapping? ofModel)
    {
        if (IsBounded(asked) || WindowWith(asked.PositionRemapping ?? ofModel) is not { } window || (long)prompt + LeastOf(asked) <= window) return Rest;
        int answer = Answer(0, asked);
        return Math.Max(1, window - (answer < window ? answer : 1));
    }

    /// <summary>Refuses what does not fit into the window.</summary>
    /// <exception cref="PromptTooLongException">The prompt fills the window.</exception>
    public void RequireWindow(GenerationFit fit, ChatRequestOptions asked, PositionRemapping? ofModel)
    {
        if (fit.FitsWindow) return;
        PositionRemapping? remapping = asked.PositionRemapping ?? ofModel;
        int window = fit.WindowTokens!.Value, least = LeastOf(asked);
        throw new PromptTooLongException(
            $"The prompt has {fit.PromptTokens} tokens, but the model's window{(window == contextLength ? "" : $" with {remapping}")} has {window}{(least > 0 ? ", of which the answer needs one at least" : "")}: shorten it, " +
            $"or allow it ({nameof(LongContextChatClientOptions)}.{nameof(LongContextChatClientOptions.AllowsBeyondContext)}).")
        {
            Tokens = fit.PromptTokens,
            MaximumTokens = window - least,
        };
    }

    /// <summary>With sinks no token sees further back than the window of the sinks, wherever it stands, and memory stays the same.</summary>
    private bool IsBounded(ChatRequestOptions asked) =>
        asked.Dropping is AttentionSinks { Positions: SinkPositions.InCache } sinks && (contextLength is not { } length || (long)sinks.Sinks + sinks.Window <= length);

    /// <summary>0 where the prompt itself is asked about, so that there need be no answer.</summary>
    private static int LeastOf(ChatRequestOptions asked) => asked.Length == 0 ? 0 : 1;

    /// <summary>
    /// Tokens of prompt and answer; null for no limit. A remapping shows the model no distance that it does not know up to a length of its own: (L − W)·G + W tokens, to a group, with Self-Extend, any number with dual chunk
    /// attention. A length that the client's options state holds all the same.
    /// </summary>
    private int? WindowWith(PositionRemapping? remapping)
    {
        if (contextLength is null || isStated || remapping is null || remapping.RequiredWindow > contextLength) return contextLength;
        return remapping.MaximumLength(contextLength.Value) is var longest && longest == int.MaxValue ? null : longest;
    }
}
