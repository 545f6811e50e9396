using LongContext.AspNetCore.Protocol;
using LongContext.Hosting;
using GenerationRequest = LongContext.AspNetCore.Protocol.GenerationRequest;

namespace LongContext.AspNetCore.Serving;

/// <summary>Refuses several prompts of which one does not fit before any of them is computed. A single prompt the model refuses itself, before it waits.</summary>
internal static class PromptWindow
{
    /// <summary>Where there are several prompts: waits until the model is there, which says what fits.</summary>
    /// <exception cref="ProtocolException">One is too long.</exception>
    /// <exception cref="ModelNotReadyException">The model could not be loaded, or the host stops.</exception>
    /// <exception cref="ModelOverloadedException">As many requests wait as may, or the model was not there in time.</exception>
    public static async Task CheckAsync(GenerationRequest request, LongContextModel model, CancellationToken cancellationToken)
    {
        if (request.Prompts.Count == 1) return;
        await model.WaitForModelAsync(cancellationToken).ConfigureAwait(false);
        foreach (RequestPrompt prompt in request.Prompts)
        {
            try
            {
                await model.RequireFitAsync(prompt.Messages, request.OptionsOf(prompt, 0), cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (Faults.TooLong(e, prompt.Name) is { } fault)
            {
                throw fault;
            }
        }
    }
}
