using System.Text;
using LongContext.AspNetCore.Protocol;
using LongContext.Generation;
using LongContext.Hosting;
using LongContext.Models;
using LongContext.Tokenization;
using Microsoft.Extensions.AI;
using GenerationRequest = LongContext.AspNetCore.Protocol.GenerationRequest;

namespace LongContext.AspNetCore.Serving;

/// <summary>Prompts that come as tokens: whether they are the model's, and what they spell.</summary>
internal static class TokenPrompts
{
    /// <summary>Where there are any: waits until the model is there, since nobody else knows its vocabulary, and checks the tokens.</summary>
    /// <exception cref="ProtocolException">The model takes text only, or a token is none of its.</exception>
    /// <exception cref="ModelNotReadyException">The model could not be loaded, or the host stops.</exception>
    /// <exception cref="ModelOverloadedException">As many requests wait as may, or the model was not there in time.</exception>
    public static async Task PrepareAsync(GenerationRequest request, LongContextModel model, CancellationToken cancellationToken)
    {
        if (request.Prompt.Tokens is null) return;
        IChatClient client = await model.WaitForModelAsync(cancellationToken).ConfigureAwait(false);
        if (client.GetService<LongContextChatClient>() is not { } own || client.GetService<CausalLanguageModel>() is not { Config.VocabularySize: var size })
            throw ProtocolException.Unsupported($"'{request.Prompt.Field}' is token ids, but the model \"{model.ModelId}\" takes text only.", request.Prompt.Field);
        foreach (RequestPrompt prompt in request.Prompts)
        {
            if (Array.FindIndex(prompt.Tokens!, id => id >= size) is >= 0 and var at)
                throw ProtocolException.Bad($"'{prompt.Name}' has the token id {prompt.Tokens![at]} at place {at}, expected 0 to {size - 1}.", prompt.Name);
            prompt.Tokenizer = own.Tokenizer;
        }
    }

    /// <summary>What a prompt's tokens spell, special ones by their names. A character that the last of them only begin belongs to what comes behind, unless nothing does.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="hasAnswer">Whether anything comes behind it.</param>
    public static string Text(RequestPrompt prompt, bool hasAnswer)
    {
        TokenStreamDecoder decoder = prompt.Tokenizer is HuggingFaceTokenizer own ? new(own, skipSpecialTokens: false) : new(prompt.Tokenizer!);
        var text = new StringBuilder();
        foreach (int id in prompt.Tokens!) text.Append(decoder.Add(id));
        if (!hasAnswer) text.Append(decoder.Flush());
        return text.ToString();
    }
}
