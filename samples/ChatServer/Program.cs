using System.CommandLine;
using LongContext.Samples.ChatServer;
using LongContext.Samples.Shared;

// A server that speaks OpenAI's chat protocol. Without arguments: QuickStart's word model on http://127.0.0.1:8080.
// With --model: a Hugging Face folder. Everything else that there is to set stands in appsettings.json, or comes by the environment (LongContext__Device, Server__RequestsPerMinute).
// LongContext:Engine says how many requests are computed at once and in what memory: CacheBytes or CacheTokens, StepTokens, CacheFormat (Model, Float32, BFloat16, Float8, Int8), ReusesPrefixes, Threads.
Option<DirectoryInfo?> model = new("--model") { Description = "A Hugging Face folder to serve instead of the built-in word model." };
Option<string> address = new("--address") { Description = "Where to listen; other than this machine's own needs keys.", DefaultValueFactory = _ => "127.0.0.1" };
Option<int> port = new("--port") { Description = "0 takes a free one.", DefaultValueFactory = _ => 8080 };
Option<string?> device = new("--device") { Description = "cpu, cuda or cuda:N; a GPU needs this project built with TorchSharp-cuda-linux or -windows in place of TorchSharp-cpu. Default: cpu." };
Option<int?> context = new("--context") { Description = "Tokens of prompt and answer together. Default: the model's window." };
Option<int?> cache = new("--cache-tokens") { Description = "Tokens of all requests together whose keys and values are held. Default: what is left of 80 % of memory (90 % of a GPU's)." };
Option<FileInfo?> keys = new("--keys") { Description = "File of API keys, \"NAME KEY\" a line; a key may be sha256: and its hash. Default: none, for this machine alone." };

RootCommand command = new("Serves a model by OpenAI's chat protocol.") { model, address, port, device, context, cache, keys };
command.SetAction((parsed, cancellationToken) => SampleCommand.RunAsync(() => ChatServerApplication.RunAsync(
    new ChatServerSettings
    {
        Model = parsed.GetValue(model)?.FullName,
        Address = parsed.GetValue(address)!,
        Port = parsed.GetValue(port),
        Device = parsed.GetValue(device),
        ContextLength = parsed.GetValue(context),
        CacheTokens = parsed.GetValue(cache),
        Keys = parsed.GetValue(keys)?.FullName,
    },
    cancellationToken)));
return await PatientInvocation.InvokeAsync(command, args);
