using System.Text;
using LongContext.AspNetCore.Protocol;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;
using Microsoft.ML.Tokenizers;

namespace LongContext.AspNetCore.Serving;

/// <summary>Refuses texts of more tokens than the server takes, before they wait for the model.</summary>
internal sealed class PromptLimit(IOptions<OpenAIServerOptions> options)
{
    /// <exception cref="ProtocolException">The text is too long.</exception>
    public void Check(GenerationRequest request, IChatClient client)
    {
        if (options.Value.MaximumPromptTokens is not { } most) return;
        // A token stands for a byte at least, so most texts need no counting.
        long bytes = request.Messages.Sum(message => (long)Encoding.UTF8.GetByteCount(message.Text));
        if (bytes <= most) return;
        if (client.GetService<Tokenizer>() is not { } tokenizer)
        {
            // Not loaded yet, or no model that says how it counts: its window alone holds then.
            return;
        }

        long count = 0;
        foreach (ChatMessage message in request.Messages)
        {
            count += tokenizer.CountTokens(message.Text);
            if (count > most) throw ProtocolException.Bad($"The text has more than the {most} tokens that the server takes.", request.PromptField, "context_length_exceeded");
        }
    }
}
