-- wrk's requests, written before the clock starts. Arguments: tokens file, "list" or "create", prefix of the created names.
local requests, heads, body_head, body_tail, prefix
local turn, made = 0, 0

function init(args)
  local tokens = {}
  for line in io.lines(args[1]) do tokens[#tokens + 1] = line end
  creating = args[2] == "create"
  prefix = args[3] or "bench"
  requests = {}
  body_head = '{"name":"' .. prefix .. '-'
  body_tail = '","description":"A thing that is quite useful about the house","category":"garden",'
    .. '"price":{"amount":1999,"currency":"EUR"},"stock":5}'
  local length = #body_head + 8 + #body_tail
  for i, token in ipairs(tokens) do
    local rest = "Host: " .. wrk.host .. ":" .. wrk.port .. "\r\nAccept: */*\r\nAuthorization: Bearer " .. token .. "\r\n"
    if creating then
      requests[i] = "POST /api/v1/products HTTP/1.1\r\n" .. rest .. "Content-Type: application/json\r\nContent-Length: "
        .. length .. "\r\n\r\n"
    else
      requests[i] = "GET /api/v1/products?cursor=&limit=20&sort=-createdAt HTTP/1.1\r\n" .. rest .. "\r\n"
    end
  end
end

function request()
  turn = turn % #requests + 1
  if not creating then return requests[turn] end
  made = made + 1
  return requests[turn] .. body_head .. string.format("%08d", made) .. body_tail
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    "\nRESULT %d %d %d %d %d %d %d %d %d %d %d\n",
    summary.requests, summary.duration, errors.status, errors.connect, errors.read, errors.write, errors.timeout,
    latency:percentile(50), latency:percentile(95), latency:percentile(99), latency.max
  ))
end
