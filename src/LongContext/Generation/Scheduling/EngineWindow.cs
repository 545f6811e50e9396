using LongContext.Evaluation;
using LongContext.Positions;

namespace LongContext.Generation.Scheduling;

/// <summary>Holds an engine's requests to what the model was made for.</summary>
internal static class EngineWindow
{
    /// <summary>The request with an answer that ends where the window does.</summary>
    /// <param name="request">The request, its prompt cut and its options checked.</param>
    /// <param name="window">Tokens that the model was made for; null for any number.</param>
    /// <param name="remapping">The remapping in force; null for none.</param>
    /// <exception cref="PromptTooLongException">The prompt does not fit, or leaves no room for an answer that is asked for.</exception>
    public static GenerationRequest Hold(GenerationRequest request, int? window, PositionRemapping? remapping)
    {
        if (Tokens(window, remapping, request.Dropping) is not { } most) return request;
        GenerationOptions options = request.Options;
        int prompt = request.Prompt.Length, least = options.MaximumNewTokens == 0 ? 0 : 1;
        if ((long)prompt + least > most) throw TooLong(prompt, most, least, window!.Value, remapping);
        if (options.MaximumNewTokens <= most - prompt) return request;
        return request with { Options = options with { MaximumNewTokens = most - prompt, MinimumNewTokens = Math.Min(options.MinimumNewTokens, most - prompt) } };
    }

    /// <summary>Tokens of prompt and answer; null for any number. With sinks that count their places in the cache no token sees further back than sinks and window; a remapping has a reach of its own.</summary>
    private static int? Tokens(int? window, PositionRemapping? remapping, TokenDropping? dropping)
    {
        if (window is not { } trained) return null;
        if (dropping is AttentionSinks { Positions: SinkPositions.InCache } sinks && (long)sinks.Sinks + sinks.Window <= trained) return null;
        if (remapping is null || remapping.RequiredWindow > trained) return trained;
        return remapping.MaximumLength(trained) is var longest && longest == int.MaxValue ? null : longest;
    }

    private static PromptTooLongException TooLong(int prompt, int most, int least, int window, PositionRemapping? remapping) => new(
        $"The prompt has {prompt} tokens, but the model's window{(most == window ? "" : $" with {remapping}")} has {most}{(least > 0 ? ", of which the answer needs one at least" : "")}: shorten it, cut it (GenerationRequest.Truncation), " +
        "extend the model (CausalLanguageModel.ExtendTo, ModelLoadOptions.RopeScaling), remap its positions (GenerationRequest.PositionRemapping), drop tokens (GenerationRequest.Dropping), " +
        "or allow it to go beyond (GenerationEngineOptions.AllowsBeyondContext).")
    {
        Tokens = prompt,
        MaximumTokens = most - least,
    };
}
