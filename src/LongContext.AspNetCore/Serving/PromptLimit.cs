using System.Text;
using LongContext.AspNetCore.Protocol;
using LongContext.Hosting;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.ML.Tokenizers;

namespace LongContext.AspNetCore.Serving;

/// <summary>Refuses texts of more tokens than the server takes, before they wait for the model.</summary>
internal sealed class PromptLimit(IOptions<OpenAIServerOptions> options, IServiceProvider services)
{
    /// <exception cref="ProtocolException">The text is too long.</exception>
    public void Check(GenerationRequest request, LongContextModel model, IChatClient client)
    {
        if (options.Value.MaximumPromptTokens is not { } most) return;
        // A token stands for a byte at least, so most texts need no counting.
        IEnumerable<string> texts = request.Messages.SelectMany(message => message.Contents).Select(Text).Concat(Tools(request.Options));
        long bytes = texts.Sum(text => (long)Encoding.UTF8.GetByteCount(text));
        if (bytes <= most) return;
        // A client that does not say how it counts has its window alone.
        if ((client.GetService<Tokenizer>() ?? Early(model)) is not { } tokenizer) return;

        long count = 0;
        foreach (string text in texts)
        {
            count += tokenizer.CountTokens(text);
            if (count > most) throw ProtocolException.Bad($"The text has more than the {most} tokens that the server takes.", request.PromptField, "context_length_exceeded");
        }
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
            return model.Name.Length == 0 ? services.GetService<Tokenizer>() : services.GetKeyedService<Tokenizer>(model.Name);
        }
#pragma warning disable CA1031 // What is wrong with a model's folder, its loading says.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
    }
}
