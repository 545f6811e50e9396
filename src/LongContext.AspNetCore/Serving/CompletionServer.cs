using LongContext.AspNetCore.Protocol;
using LongContext.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LongContext.AspNetCore.Serving;

/// <summary>Answers requests for completions: reads, asks the model, writes; whatever happens, the client is told and the model is let go of.</summary>
internal sealed partial class CompletionServer(
    AccessControl access, BodyBudget budget, PromptLogprobBudget promptLogprobs, AnswerLogprobBudget answerLogprobs, ModelDirectory models, PromptLimit prompts, IOptions<OpenAIServerOptions> options, TimeProvider clock, ILogger<CompletionServer> logger)
{
    private readonly OpenAIServerOptions limits = options.Value;

    public Task ChatAsync(HttpContext context) => ServeAsync(context, ChatRequestReader.Read, (model, time, request) => new ChatWriting(model, time, request.Choices, request.Prompt.Logprobs));

    public Task CompleteAsync(HttpContext context) => ServeAsync(context, CompletionRequestReader.Read, (model, time, request) => new TextWriting(model, time, request));

    private async Task ServeAsync(HttpContext context, Func<System.Text.Json.JsonElement, OpenAIServerOptions, GenerationRequest> read, Func<string, DateTimeOffset, GenerationRequest, IAnswerWriting> writing)
    {
        var writer = new AnswerWriter(context, limits, clock);
        GenerationRequest? request = null;
        try
        {
            string holder = access.Check(context);
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
            patience.CancelAfter(limits.RequestTimeout);
            using var body = new RequestBody(budget, limits);
            await body.ReadAsync(context.Request, patience.Token).ConfigureAwait(false);
            request = body.Parse(read);
            if (request.UnknownFields.Count > 0 && logger.IsEnabled(LogLevel.Debug)) LogUnknown(logger, string.Join(", ", request.UnknownFields));
            using IDisposable? texts = RequestTexts.Begin();
            (LongContextModel model, IChatClient client) = models.Find(request.Model);
            await prompts.CheckAsync(request, model, client, patience.Token).ConfigureAwait(false);
            using LogprobBudget.Share ofPrompts = promptLogprobs.Take(PromptLimit.Logprobs(request));
            using LogprobBudget.Share ofAnswers = answerLogprobs.Take(await AnswerLogprobs.CountAsync(request, model, limits, patience.Token).ConfigureAwait(false));
            await TokenPrompts.PrepareAsync(request, model, patience.Token).ConfigureAwait(false);
            await PromptWindow.CheckAsync(request, model, patience.Token).ConfigureAwait(false);
            if (access.NeedsKeys && !limits.SharesCacheBetweenKeys) request.KeepCacheOf(holder);
            IAnswerWriting form = writing(model.ModelId, clock.GetUtcNow(), request);
            if (request.Stream) await StreamAsync(request, model, client, form, writer, patience.Token).ConfigureAwait(false);
            else await form.WriteAsync(writer, await SeveralAnswers.WholeAsync(client, request, model.MaximumConcurrentRequests, patience.Token).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to be told.
        }
        catch (ClientGoneException)
        {
            context.Abort();
        }
#pragma warning disable CA1031 // Every fault becomes an answer.
        catch (Exception e)
#pragma warning restore CA1031
        {
            ProtocolException fault = Faults.Of(e, limits, request);
            if (fault.Status == 500) LogFault(logger, e);
            else if (fault.Status is 400 or 404) LogRefusal(logger, fault.Status, fault.Message.ReplaceLineEndings(" ")); // in one line, whatever a name has in it
            await TellAsync(context, writer, fault).ConfigureAwait(false);
        }
    }

    private async Task StreamAsync(GenerationRequest request, LongContextModel model, IChatClient client, IAnswerWriting form, AnswerWriter writer, CancellationToken cancellationToken)
    {
        await using var pump = new AnswerPump(SeveralAnswers.StreamAsync(client, request, model.MaximumConcurrentRequests, cancellationToken), limits.MaximumBufferedPieces, cancellationToken);
        bool begun = false;
        while (true)
        {
            Task<bool> next = pump.Pieces.WaitToReadAsync(cancellationToken).AsTask();
            while (!next.IsCompleted)
            {
                try
                {
                    await next.WaitAsync(limits.KeepAliveInterval, cancellationToken).ConfigureAwait(false);
                }
                catch (TimeoutException)
                {
                    // Until now a fault could have had its own status: a client must not wait for ever to learn that there is none.
                    Begin();
                    writer.AddComment();
                    await writer.FlushAsync().ConfigureAwait(false);
                }
            }

            if (!await next.ConfigureAwait(false)) break;
            Begin();
            while (!writer.IsFull && pump.Pieces.TryRead(out AnswerPiece piece)) form.AddPiece(writer, piece);
            await writer.FlushAsync().ConfigureAwait(false);
        }

        Begin();
        form.AddEnd(writer, request.IncludeUsage);
        writer.AddDone();
        await writer.FlushAsync().ConfigureAwait(false);

        void Begin()
        {
            if (begun) return;
            begun = true;
            writer.BeginStream();
            form.AddBeginning(writer);
        }
    }

    private static async Task TellAsync(HttpContext context, AnswerWriter writer, ProtocolException fault)
    {
        try
        {
            // A whole answer that broke off cannot become another.
            if (context.Response.HasStarted && !writer.IsStream) context.Abort();
            else await writer.WriteErrorAsync(fault).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client went meanwhile.
            context.Abort();
        }
    }

    [LoggerMessage(1, LogLevel.Error, "A request failed.")]
    private static partial void LogFault(ILogger logger, Exception exception);

    [LoggerMessage(2, LogLevel.Information, "A request was refused ({Status}): {Reason}")]
    private static partial void LogRefusal(ILogger logger, int status, string reason);

    [LoggerMessage(3, LogLevel.Debug, "Fields of a request are not known and left unheeded: {Fields}")]
    private static partial void LogUnknown(ILogger logger, string fields);
}
