<?php
// A news site in PHP as many are: a session, pages in GBK, a form that posts to itself, files beside it.
if (preg_match('/\.(css|png)$/', $_SERVER['SCRIPT_NAME'])) {
    return false; // the server sends it
}
session_start();
$_SESSION['visits'] = ($_SESSION['visits'] ?? 0) + 1;
$name = $_POST['name'] ?? '';
header('Content-Type: text/html; charset=GBK');
header('X-Client: ' . $_SERVER['HTTP_X_FORWARDED_FOR']);
ob_start();
?>
<!doctype html>
<html lang="zh-CN">
<head><title>新闻</title><link rel="stylesheet" href="/site.css"></head>
<body>
<main>
<h1>江上的桥</h1>
<p id="visits"><?= $_SESSION['visits'] ?></p>
<form id="own" method="post"><input name="name" value="读者"><button>发送</button></form>
<p id="said"><?= htmlspecialchars(iconv('GBK', 'UTF-8', $name)) ?></p>
</main>
</body>
</html>
<?php
echo iconv('UTF-8', 'GBK', ob_get_clean());
