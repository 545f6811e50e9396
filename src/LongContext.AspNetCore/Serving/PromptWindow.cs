using System.Text;
using LongContext.AspNetCore.Protocol;
using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Hosting;
using LongContext.Models;
using LongContext.Tokenization;
using Microsoft.Extensions.AI;
using GenerationRequest = LongContext.AspNetCore.Protocol.GenerationRequest;

namespace LongContext.AspNetCore.Serving;

/// <summary>Refuses several prompts of which one fills the model's window before any of them is computed. A single prompt the model refuses itself.</summary>
internal static class PromptWindow
{
    /// <summary>By these a prompt is cut, or more than the window fits: the model has the last word.</summary>
    private static readonly string[] Other = [ChatOptionKeys.TokenTruncation, ChatOptionKeys.TokenDropping, ChatOptionKeys.PositionRemapping];

    /// <summary>Where there are several prompts: waits until the model is there, which says what fits.</summary>
    /// <exception cref="ProtocolException">One is too long.</exception>
    /// <exception cref="ModelNotReadyException">The model could not be loaded, or the host stops.</exception>
    public static async Task CheckAsync(GenerationRequest request, LongContextModel model, CancellationToken cancellationToken)
    {
        if (request.Prompts.Count == 1) return;
        await model.LoadAsync(cancellationToken).ConfigureAwait(false);
        if (model.Client?.GetService<LongContextChatClient>() is not { ContextLength: { } window } client) return;
        if (model.Client.GetService<CausalLanguageModel>() is { PositionRemapping: not null } || Array.Exists(Other, key => request.Options.AdditionalProperties?.ContainsKey(key) == true)) return;
        int answer = request.Options.MaxOutputTokens == 0 ? 0 : 1;
        // Long texts take a while to encode.
        await Task.Run(Check, cancellationToken).ConfigureAwait(false);

        void Check()
        {
            foreach (RequestPrompt prompt in request.Prompts)
            {
                cancellationToken.ThrowIfCancellationRequested();
                long count = prompt.Tokens?.Length ?? Count(prompt.Messages[0].Text, client, window - answer);
                if (count + answer <= window) continue;
                throw ProtocolException.Bad(
                    $"'{prompt.Name}' has {count} tokens, but the model's window has {window}{(answer > 0 ? ", of which the answer needs one at least" : "")}: shorten it.", prompt.Name, "context_length_exceeded");
            }
        }
    }

    /// <summary>Tokens of a text with what goes before it, or as many as it has at most where those fit.</summary>
    private static long Count(string text, LongContextChatClient client, int fits)
    {
        IReadOnlyList<int> before = client.Tokenizer is HuggingFaceTokenizer own ? own.Vocabulary.IdsBefore : [];
        // A token stands for a byte at least, so most texts need no counting.
        long most = (long)Encoding.UTF8.GetByteCount(text) + before.Count;
        if (most <= fits) return most;
        IReadOnlyList<int> ids = client.Tokenizer.EncodeToIds(text);
        return before.Count > 0 && ids.Take(before.Count).SequenceEqual(before) ? ids.Count : ids.Count + before.Count;
    }
}
