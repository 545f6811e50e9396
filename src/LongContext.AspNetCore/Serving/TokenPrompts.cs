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
    /// <summary>Waits until the model is there, since nobody else knows its vocabulary, and checks the tokens.</summary>
    /// <exception cref="ProtocolException">The model takes text only, or a token is none of its.</exception>
    /// <exception cref="ModelNotReadyException">The model could not be loaded, or the host stops.</exception>
    public static async Task PrepareAsync(GenerationRequest request, LongContextModel model, CancellationToken cancellationToken)
    {
        await model.LoadAsync(cancellationToken).ConfigureAwait(false);
        IChatClient client = model.Client ?? throw new ModelNotReadyException($"The model \"{model.ModelId}\" takes no more requests: the host stops.");
        if (client.GetService<LongContextChatClient>() is not { } own || client.GetService<CausalLanguageModel>() is not { Config.VocabularySize: var size })
            throw ProtocolException.Unsupported($"'{request.Prompt.Field}' is token ids, but the model \"{model.ModelId}\" takes text only.", request.Prompt.Field);
        if (Array.FindIndex(request.Prompt.Tokens!, id => id >= size) is >= 0 and var at)
            throw ProtocolException.Bad($"'{request.Prompt.Field}' has the token id {request.Prompt.Tokens![at]} at place {at}, expected 0 to {size - 1}.", request.Prompt.Field);
        request.Prompt.Tokenizer = own.Tokenizer;
    }

    /// <summary>What a prompt's tokens spell, special ones by their names. A character that the last of them only begin belongs to what comes behind, unless nothing does.</summary>
    public static string Text(GenerationRequest request)
    {
        TokenStreamDecoder decoder = request.Prompt.Tokenizer is HuggingFaceTokenizer own ? new(own, skipSpecialTokens: false) : new(request.Prompt.Tokenizer!);
        var text = new StringBuilder();
        foreach (int id in request.Prompt.Tokens!) text.Append(decoder.Add(id));
        if (request.Options.MaxOutputTokens == 0) text.Append(decoder.Flush());
        return text.ToString();
    }
}
