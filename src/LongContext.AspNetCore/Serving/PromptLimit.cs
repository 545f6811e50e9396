using System.Text;
using LongContext.AspNetCore.Protocol;
using LongContext.Evaluation;
using LongContext.Hosting;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.ML.Tokenizers;

namespace LongContext.AspNetCore.Serving;

/// <summary>Refuses texts of more tokens than the server takes, and more log-probabilities of them, before they wait for the model.</summary>
internal sealed class PromptLimit(IOptions<OpenAIServerOptions> options, IServiceProvider services)
{
    /// <exception cref="ProtocolException">The text is too long, or for what is asked about it.</exception>
    /// <exception cref="ModelOverloadedException">Too many long texts wait to be read, or it was not read in time.</exception>
    public async Task CheckAsync(GenerationRequest request, LongContextModel model, IChatClient client, CancellationToken cancellationToken)
    {
        if (options.Value.MaximumPromptTokens is null && request.Prompt.Alternatives is null) return;
        CheckLogprobs(request);
        if (options.Value.MaximumPromptTokens is not { } most) return;
        foreach (RequestPrompt prompt in request.Prompts)
        {
            // A token stands for a byte at least, so most texts need no counting.
            long bytes = Bytes(prompt, request.Options);
            if (bytes <= most) continue;
            if (prompt.Tokens is not null) throw TooLong(prompt, most);
            // A client that does not say how it counts has its window alone.
            if ((client.GetService<Tokenizer>() ?? Early(model)) is not { } tokenizer) return;

            await model.ReadAsync(bytes, () => Count(prompt, request.Options, tokenizer, most), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Log-probabilities of prompts that a request asks for, at most.</summary>
    public static long Logprobs(GenerationRequest request) => (long)decimal.Min(Asked(request), long.MaxValue);

    private static void Count(RequestPrompt prompt, ChatOptions options, Tokenizer tokenizer, int most)
    {
        long count = 0;
        bool isWhole = options.AdditionalProperties?.GetValueOrDefault(ChatOptionKeys.Completion) is true;
        foreach (string text in Texts(prompt, options))
        {
            // A completion's text is what the model reads; a chat's texts stand in a template.
            count += isWhole ? RequestTexts.Count(tokenizer, text) : tokenizer.CountTokens(text);
            if (count > most) throw TooLong(prompt, most);
        }
    }

    /// <summary>Of the text in UTF-8; of tokens how many there are.</summary>
    private static long Bytes(RequestPrompt prompt, ChatOptions options) => prompt.Tokens?.Length ?? Texts(prompt, options).Sum(text => (long)Encoding.UTF8.GetByteCount(text));

    private static IEnumerable<string> Texts(RequestPrompt prompt, ChatOptions options) => prompt.Messages.SelectMany(message => message.Contents).Select(Text).Concat(Tools(options));

    private void CheckLogprobs(GenerationRequest request)
    {
        decimal asked = Asked(request);
        if (asked <= options.Value.MaximumPromptLogprobs) return;
        throw ProtocolException.Bad(
            $"Log-probabilities of {(request.Prompts.Count > 1 ? "the prompts" : "the prompt")} are asked for, up to {asked} of them ({(request.Prompt.Tokens is null ? "bytes" : "tokens")} times likeliest tokens and one, times answers), expected at most {options.Value.MaximumPromptLogprobs}: " +
            "send parts, or ask for fewer.", request.Prompt.Field);
    }

    private static decimal Asked(GenerationRequest request) =>
        request.Prompt.Alternatives is { } alternatives ? (decimal)request.Prompts.Sum(prompt => Bytes(prompt, request.Options)) * (alternatives + 1) * request.Choices : 0;

    private static ProtocolException TooLong(RequestPrompt prompt, int most)
    {
        string which = prompt.Place is not null ? $"'{prompt.Name}'" : prompt.Tokens is null ? "The text" : "The prompt";
        return ProtocolException.Bad($"{which} has more than the {most} tokens that the server takes.", prompt.Name, "context_length_exceeded");
    }

    /// <summary>The text of a part, what a model thought included: it goes into the prompt, too.</summary>
    private static string Text(AIContent content) => content switch
    {
        TextContent text => text.Text,
        TextReasoningContent thought => thought.Text,
        FunctionCallContent call => call.Name + AnswerParts.Json(call),
        FunctionResultContent result => result.Result as string ?? "",
        _ => "",
    };

    /// <summary>What the model is told of functions.</summary>
    private static IEnumerable<string> Tools(ChatOptions options) => options.ToolMode is NoneChatToolMode ? []
        : (options.Tools ?? []).OfType<AIFunctionDeclaration>().Select(tool => tool.Name + tool.Description + tool.JsonSchema.GetRawText());

    /// <summary>The tokenizer of a model that is not loaded yet, as the host has it; null where it has none.</summary>
    private Tokenizer? Early(LongContextModel model)
    {
        try
        {
            return services.GetKeyedService<Tokenizer>(model.Name);
        }
#pragma warning disable CA1031 // What is wrong with a model's folder, its loading says.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
    }
}
